import { isSettled, type TaskState } from '../../contract/states.js';
import type { TaskView } from '../../contract/task-view.js';
import { formatDuration, formatNumber, plural } from './format.js';

/** How many are compared with. */
export const SIMILAR_RUNS = 100;

interface Run {
  id: string;
  state: TaskState;
  runMs: number;
}

/** Run times of the same type on one strip; `x` is percent of the width, `y` pixels from the top. */
export interface SimilarRuns {
  dots: { x: string; y: number; tone: TaskState; href: string; title: string }[];
  own?: { x: string; labelX: string; anchor: string; label: string };
  ticks: { x: string; anchor: string; label: string }[];
  /** `slower than 93 of 100`. */
  verdict: string;
  summary: string;
  href: string;
  failed: number;
}

/** Percent kept free on both sides, so that no dot is cut. */
const SIDE = 1.5;
/** Beyond this the longest over the shortest, lengths are drawn by their logarithm. */
const LINEAR = 20;
/** Rows the dots are spread over, px. */
const ROWS = [12, 20, 28, 16, 24];

/** @param runs the latest first. */
export function toSimilarRuns(task: TaskView, runs: readonly Run[]): SimilarRuns | undefined {
  if (runs.length === 0) return undefined;
  const own = task.state === 'active' || isSettled(task.state) ? task.runMs : undefined;
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

/** From a length to its place on the strip, in percent. */
function toPlace(lengths: readonly number[]): (ms: number) => number {
  const least = Math.min(...lengths);
  const most = Math.max(...lengths);
  // A run of no measurable length counts as one millisecond.
  const isWide = most > LINEAR * Math.max(1, least);
  const scale = isWide ? (ms: number) => Math.log(Math.max(1, ms)) : (ms: number) => ms;
  const [from, to] = [scale(least), scale(most)];
  return (ms) => (from === to ? 50 : SIDE + ((scale(ms) - from) / (to - from)) * (100 - 2 * SIDE));
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

/** Shortest, middle and longest; one that would lie on another is left out. */
function toTicks(lengths: readonly [number, number, number], place: (ms: number) => number) {
  const [least, middle, most] = lengths;
  const ticks: SimilarRuns['ticks'] = [];
  const add = (ms: number, x: number, anchor: string, words: string) =>
    ticks.push({ x: percent(x), anchor, label: `${words}${formatDuration(ms)}` });
  if (place(least) < 40) add(least, Math.max(0, place(least) - SIDE), 'start', '');
  const at = place(middle);
  if (least === most || (at > 22 && at < 78 && place(most) - at > 20)) add(middle, at, 'middle', 'half by ');
  if (most !== least && place(most) > 60) add(most, Math.min(100, place(most) + SIDE), 'end', '');
  return ticks;
}

/** In the same queue, so with the same words behind the id. */
function pageOf(id: string, { links }: TaskView): string {
  const [, queue] = links.page.split('?');
  return `/tasks/${encodeURIComponent(id)}${queue ? `?${queue}` : ''}`;
}

function toQuery({ type, queue }: TaskView): string {
  return `type:${word(type)} queue:${word(queue)} (state:completed OR state:failed) sort:-run`;
}

/** Quoted where the query language would read more into it than a name. */
function word(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function median(sorted: readonly number[]): number {
  return sorted[Math.ceil(sorted.length / 2) - 1]!;
}

function percent(value: number): string {
  return `${Math.round(value * 100) / 100}%`;
}
