import { isFinished, type TaskState } from '../../model/states.js';
import type { TaskView } from '../../model/task-view.js';
import { formatDuration, formatNumber, plural } from '../kit/format.js';
import { idInPath } from '../../bullmq/task-ids.js';

/** Number of runs compared with. */
export const MAX_SIMILAR_RUNS = 100;

interface Run {
  id: string;
  state: TaskState;
  runMs: number;
}

/** Run times of the same type on one strip; `x` in percent of the width, `y` in pixels from the top. */
export interface SimilarRuns {
  dots: { x: string; y: number; tone: TaskState; href: string; title: string }[];
  own?: { x: string; labelX: string; anchor: string; label: string };
  ticks: { x: string; anchor: string; label: string }[];
  /** Text such as `slower than 93 of 100`. */
  verdict: string;
  summary: string;
  href: string;
  failed: number;
}

/** Margin on both sides in percent, so that no dot is cut off. */
const SIDE_PERCENT = 1.5;
/** Ratio of the longest to the shortest run above which the scale is logarithmic. */
const MAX_LINEAR_RATIO = 20;
/** Vertical positions of the dots, px. */
const ROWS = [12, 20, 28, 16, 24];

/** @param runs latest first. */
export function toSimilarRuns(task: TaskView, runs: readonly Run[]): SimilarRuns | undefined {
  if (runs.length === 0) return undefined;
  const own = task.state === 'active' || isFinished(task.state) ? task.runMs : undefined;
  const lengths = runs.map(({ runMs }) => runMs).sort((a, b) => a - b);
  const place = toPlace(own === undefined ? lengths : [...lengths, own]);
  const failed = runs.filter(({ state }) => state === 'failed').length;
  const verdict = toVerdict(task, own, lengths);
  const [least, middle, most] = [lengths[0]!, median(lengths), lengths.at(-1)!];
  return {
    dots: runs.map(({ id, state, runMs }, i) => ({
      x: percent(place(runMs)),
      y: ROWS[i % ROWS.length]!,
      tone: state,
      href: pageOf(id, task),
      title: `#${id.slice(-6)} ${state}, ${formatDuration(runMs)}`,
    })),
    own: own === undefined ? undefined : toOwn(place(own), task, own),
    ticks: toTicks([least, middle, most], place),
    verdict,
    summary:
      `The last ${plural(runs.length, 'run')} of ${task.type} took ${formatDuration(least)} to ` +
      `${formatDuration(most)}, half of them at most ${formatDuration(middle)}${failed > 0 ? `; ${formatNumber(failed)} failed` : ''}.`,
    href: `/tasks?${new URLSearchParams({ q: toQuery(task) })}`,
    failed,
  };
}

function toVerdict(task: TaskView, own: number | undefined, lengths: readonly number[]): string {
  const count = formatNumber(lengths.length);
  if (own === undefined) return `the last ${plural(lengths.length, 'run')}`;
  const quicker = lengths.filter((one) => one < own).length;
  const slower = lengths.filter((one) => one > own).length;
  if (task.state === 'active') return `runs longer already than ${formatNumber(quicker)} of ${count}`;
  if (quicker === 0 && slower === 0) return `as quick as the other ${count}`;
  return quicker >= slower
    ? `slower than ${formatNumber(quicker)} of ${count}`
    : `quicker than ${formatNumber(slower)} of ${count}`;
}

/** Returns the function that maps a run time to its position on the strip, in percent. */
function toPlace(lengths: readonly number[]): (ms: number) => number {
  const least = Math.min(...lengths);
  const most = Math.max(...lengths);
  // A run of 0 ms counts as one millisecond.
  const isWide = most > MAX_LINEAR_RATIO * Math.max(1, least);
  const scale = isWide ? (ms: number) => Math.log(Math.max(1, ms)) : (ms: number) => ms;
  const [from, to] = [scale(least), scale(most)];
  return (ms) =>
    from === to ? 50 : SIDE_PERCENT + ((scale(ms) - from) / (to - from)) * (100 - 2 * SIDE_PERCENT);
}

function toOwn(x: number, { state }: TaskView, own: number): SimilarRuns['own'] {
  const anchor = x < 12 ? 'start' : x > 88 ? 'end' : 'middle';
  return {
    x: percent(x),
    labelX: percent(anchor === 'start' ? 0 : anchor === 'end' ? 100 : x),
    anchor,
    label: `this one${state === 'active' ? ' so far' : ''} ${formatDuration(own)}`,
  };
}

/** Returns the shortest, middle and longest run time. Omits those that would overlap. */
function toTicks(lengths: readonly [number, number, number], place: (ms: number) => number) {
  const [least, middle, most] = lengths;
  const ticks: SimilarRuns['ticks'] = [];
  const add = (ms: number, x: number, anchor: string, words: string) =>
    ticks.push({ x: percent(x), anchor, label: `${words}${formatDuration(ms)}` });
  if (place(least) < 40) add(least, Math.max(0, place(least) - SIDE_PERCENT), 'start', '');
  const at = place(middle);
  if (least === most || (at > 22 && at < 78 && place(most) - at > 20)) add(middle, at, 'middle', 'half by ');
  if (most !== least && place(most) > 60) add(most, Math.min(100, place(most) + SIDE_PERCENT), 'end', '');
  return ticks;
}

/** Returns the page of a task in the same queue, with the same suffix of the address. */
function pageOf(id: string, { links }: TaskView): string {
  const [, queue] = links.page.split('?');
  return `/tasks/${idInPath(id)}${queue ? `?${queue}` : ''}`;
}

function toQuery({ type, queue }: TaskView): string {
  return `type:${word(type)} queue:${word(queue)} (state:completed OR state:failed) sort:-run`;
}

/** Quotes the text if the query language would interpret it. */
function word(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function median(sorted: readonly number[]): number {
  return sorted[Math.ceil(sorted.length / 2) - 1]!;
}

function percent(value: number): string {
  return `${Math.round(value * 100) / 100}%`;
}
