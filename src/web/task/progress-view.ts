import type { TaskState } from '../../model/states.js';
import type { TaskProgress, TaskView } from '../../model/task-view.js';
import { formatDuration, formatNumber } from '../kit/format.js';

/** Progress at a moment. */
type Sample = TaskProgress & { at: string };

export interface ProgressView {
  value?: number;
  percent?: string;
  count?: { done: number; total: number };
  message?: string;
  /** Other data that a foreign program reported; `value` alone if it is not an object. */
  details?: { key?: string; value: string }[];
  /** True if the total is known or may still be reported. */
  hasBar: boolean;
  runningSince?: string;
  ranMs?: number;
  leftMs?: number;
  /** Reason why the remaining time is unknown. */
  unknown?: string;
  tone: TaskState;
  chart?: ProgressChart;
}

/** Progress over time in a box of 100 by 100, stretched to its place. */
interface ProgressChart {
  line: string;
  area: string;
  startedAt: string;
  /** Absent while it runs: the right edge is the current time. */
  endedAt?: string;
  top: string;
  summary: string;
}

/** Age above which samples are ignored for the rate, ms. */
const MAX_SAMPLE_AGE_MS = 30_000;
/** Minimum time span of a rate, ms. A shorter one is a guess. */
const MIN_RATE_SPAN_MS = 1_000;
/**
 * Minimum time without progress after which it counts as stalled, ms, and the factor over the usual interval.
 */
const MIN_STALL_MS = 10_000;
const STALL_FACTOR = 4;

/** @param samples stored by the history, oldest first. The current progress is in the task. */
export function toProgress(
  task: TaskView,
  samples: readonly Sample[],
  now: number,
): ProgressView | undefined {
  if (!task.progress && task.state !== 'active') return undefined;
  const { percent, done, total, message, details } = task.progress ?? { percent: null };
  const active = task.state === 'active';
  const points = toPoints(task, samples, now);
  return {
    value: percent ?? undefined,
    percent: percent === null ? undefined : `${Math.floor(percent)} %`,
    count: done !== undefined && total !== undefined ? { done, total } : undefined,
    message,
    details: toDetails(details),
    hasBar: active || percent !== null,
    runningSince: active ? task.startedAt : undefined,
    ranMs: active ? undefined : task.runMs,
    ...(active ? toTimeLeft(task, points, now) : {}),
    tone: task.state,
    chart: toChart(task, points, now),
  };
}

function toDetails(details: unknown): ProgressView['details'] {
  if (details === undefined) return undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return typeof details === 'object' && details !== null && !Array.isArray(details)
    ? Object.entries(details).map(([key, value]) => ({ key, value: text(value) }))
    : [{ value: text(details) }];
}

interface Point {
  at: number;
  /** Percent, or the amount done if the total is unknown. */
  value: number;
}

/** Returns the samples of the last run, plus the current progress from Redis if it is further. */
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
  if (percent === null) return progress ? { unknown: 'no estimate: the total is not known' } : {};
  if (percent >= 100) return {};
  const last = points.at(-1);
  const recent = points.filter(({ at }) => last && at >= last.at - MAX_SAMPLE_AGE_MS);
  const first = recent[0];
  if (!first || !last || last.at - first.at < MIN_RATE_SPAN_MS) return fromTheStart(percent, runMs);
  const stillMs = now - last.at;
  const pauseMs = (last.at - first.at) / (recent.length - 1);
  if (stillMs > Math.max(MIN_STALL_MS, STALL_FACTOR * pauseMs))
    return { unknown: `no progress for ${formatDuration(Math.floor(stillMs / 1000) * 1000)}` };
  const perMs = (last.value - first.value) / (last.at - first.at);
  if (perMs <= 0) return { unknown: 'no estimate: it makes no progress' };
  return leftUnlessShort((100 - last.value) / perMs - stillMs);
}

/** Estimates from the start of the run. Waits for enough data, because the estimate is rough. */
function fromTheStart(percent: number, runMs: number | undefined): Pick<ProgressView, 'leftMs'> {
  if (percent < 2 || runMs === undefined || runMs < MIN_RATE_SPAN_MS) return {};
  return leftUnlessShort((runMs / percent) * (100 - percent));
}

function leftUnlessShort(leftMs: number): Pick<ProgressView, 'leftMs'> {
  return leftMs < 1_000 ? {} : { leftMs };
}

/** Requires three points: a line between two shows no more than the bar. */
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
  // The progress stays constant until the next report.
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
  const sampled = [0.25, 0.5, 0.75, 1].map((share) => points[Math.ceil(share * points.length) - 1]!);
  const words = sampled.map(
    ({ at, value }) =>
      `${formatNumber(Math.floor(value))}${inPercent ? ' %' : ''} after ${formatDuration(at - from)}`,
  );
  return `Progress over time: ${[...new Set(words)].join(', ')}.`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
