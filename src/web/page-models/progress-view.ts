import type { TaskState } from '../../contract/states.js';
import type { TaskProgress, TaskView } from '../../contract/task-view.js';
import { formatDuration, formatNumber } from './format.js';

/** Progress as it was seen at a moment. */
type Sample = TaskProgress & { at: string };

export interface ProgressView {
  value?: number;
  percent?: string;
  count?: { done: number; total: number };
  message?: string;
  runningSince?: string;
  ranMs?: number;
  leftMs?: number;
  /** Why there is no time left to tell. */
  unknown?: string;
  tone: TaskState;
  chart?: ProgressChart;
}

/** Progress over time in a box of 100 by 100 that is stretched to its place. */
interface ProgressChart {
  line: string;
  area: string;
  startedAt: string;
  /** Absent while it runs: the right edge is now. */
  endedAt?: string;
  top: string;
  summary: string;
}

/** What happened longer ago says little about the rate, ms. */
const RECENT_MS = 30_000;
/** A rate from less than this is a guess, ms. */
const SHORTEST_MS = 1_000;
/** Nothing new for this long, and for so many times the usual pause: it stands still. */
const STILL_MS = 10_000;
const STILL_PAUSES = 4;

/** @param samples what the history saw, oldest first; what is known now is in the task. */
export function toProgress(
  task: TaskView,
  samples: readonly Sample[],
  now: number,
): ProgressView | undefined {
  if (!task.progress && task.state !== 'active') return undefined;
  const { percent, done, total, message } = task.progress ?? { percent: null };
  const active = task.state === 'active';
  const points = toPoints(task, samples, now);
  return {
    value: percent ?? undefined,
    percent: percent === null ? undefined : `${Math.floor(percent)} %`,
    count: done !== undefined && total !== undefined ? { done, total } : undefined,
    message,
    runningSince: active ? task.startedAt : undefined,
    ranMs: active ? undefined : task.runMs,
    ...(active ? toTimeLeft(task, points, now) : {}),
    tone: task.state,
    chart: toChart(task, points, now),
  };
}

interface Point {
  at: number;
  /** Percent; where the total is not known, what is done. */
  value: number;
}

/** Those of the last run, and behind them what Redis says now where that is further. */
function toPoints({ startedAt, state, progress }: TaskView, samples: readonly Sample[], now: number) {
  const since = Date.parse(startedAt ?? '') || 0;
  const inPercent = progress === null || progress.percent !== null;
  const valueOf = (one: TaskProgress) => (inPercent ? one.percent : (one.done ?? null));
  const points = samples.flatMap((one): Point[] => {
    const value = valueOf(one);
    const at = Date.parse(one.at);
    return value === null || at < since || at > now ? [] : [{ at, value }];
  });
  const value = progress && valueOf(progress);
  if (state === 'active' && typeof value === 'number' && value > (points.at(-1)?.value ?? 0))
    points.push({ at: now, value });
  return points;
}

function toTimeLeft(
  { progress, runMs }: TaskView,
  points: readonly Point[],
  now: number,
): Pick<ProgressView, 'leftMs' | 'unknown'> {
  const percent = progress?.percent ?? null;
  if (percent === null) return progress ? { unknown: 'no time left to tell: the total is not known' } : {};
  if (percent >= 100) return {};
  const last = points.at(-1);
  const recent = points.filter(({ at }) => last && at >= last.at - RECENT_MS);
  const first = recent[0];
  if (!first || !last || last.at - first.at < SHORTEST_MS) return fromTheStart(percent, runMs);
  const stillMs = now - last.at;
  const pauseMs = (last.at - first.at) / (recent.length - 1);
  if (stillMs > Math.max(STILL_MS, STILL_PAUSES * pauseMs))
    return { unknown: `no progress for ${formatDuration(Math.floor(stillMs / 1000) * 1000)}` };
  const perMs = (last.value - first.value) / (last.at - first.at);
  if (perMs <= 0) return { unknown: 'no time left to tell: it does not get further' };
  return worthTelling((100 - last.value) / perMs - stillMs);
}

/** Rough by nature, so not before it has something to go by. */
function fromTheStart(percent: number, runMs: number | undefined): Pick<ProgressView, 'leftMs'> {
  if (percent < 2 || runMs === undefined || runMs < SHORTEST_MS) return {};
  return worthTelling((runMs / percent) * (100 - percent));
}

function worthTelling(leftMs: number): Pick<ProgressView, 'leftMs'> {
  return leftMs < 1_000 ? {} : { leftMs };
}

/** From three points on: a line between two says nothing that the bar does not. */
function toChart(task: TaskView, points: readonly Point[], now: number): ProgressChart | undefined {
  if (points.length < 3 || !task.startedAt) return undefined;
  const from = Date.parse(task.startedAt);
  const end = task.state === 'active' ? now : Date.parse(task.finishedAt ?? '') || points.at(-1)!.at;
  const to = Math.max(end, points.at(-1)!.at, from + 1);
  const inPercent = task.progress?.percent !== null;
  const most = inPercent ? 100 : Math.max(1, ...points.map(({ value }) => value));
  const x = (at: number) => round(((at - from) / (to - from)) * 100);
  const y = (value: number) => round(100 - (value / most) * 100);
  const drawn = [`0,100`, ...points.map(({ at, value }) => `${x(at)},${y(value)}`)];
  // It stays where it was until it is known to be further.
  drawn.push(`100,${y(points.at(-1)!.value)}`);
  return {
    line: drawn.join(' '),
    area: `0,100 ${drawn.join(' ')} 100,100`,
    startedAt: task.startedAt,
    endedAt: task.state === 'active' ? undefined : new Date(to).toISOString(),
    top: inPercent ? '100 %' : formatNumber(most),
    summary: summarise(points, from, inPercent),
  };
}

function summarise(points: readonly Point[], from: number, inPercent: boolean): string {
  const said = [0.25, 0.5, 0.75, 1].map((share) => points[Math.ceil(share * points.length) - 1]!);
  const words = said.map(
    ({ at, value }) =>
      `${formatNumber(Math.floor(value))}${inPercent ? ' %' : ''} after ${formatDuration(at - from)}`,
  );
  return `Progress over time: ${[...new Set(words)].join(', ')}.`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
