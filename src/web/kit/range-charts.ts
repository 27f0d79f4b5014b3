import type { TaskState } from '../../model/states.js';
import { formatClock, formatDuration, formatNumber } from './format.js';

/** Vertical line at the first sighting of a version of the code. */
export interface DeployMark {
  x: string;
  label: string;
  title: string;
  /** False if the label would overlap its neighbour's. */
  named: boolean;
  anchor: string;
}

export interface Tick {
  x: string;
  at: string;
  label: string;
  /** True if the labels are days instead of hours and minutes. */
  days: boolean;
  anchor: string;
}

interface Level {
  y: number;
  textY: number;
  label: string;
}

interface Slot {
  x: string;
  width: string;
  title: string;
  href: string;
}

interface Chart {
  height: number;
  baseline: number;
  levels: Level[];
  ticks: Tick[];
  marks: DeployMark[];
  summary: string;
  empty: boolean;
}

/** Geometry attributes of SVG: x and widths in percent, heights in pixels. */
export interface BarChart extends Chart {
  bars: (Slot & { parts: { state: TaskState; y: number; height: number }[] })[];
  last: { label: string; y: number };
}

/** Lines are drawn in a box of `BOX` by the plot's height, stretched to its width. */
export interface LineChart extends Chart {
  box: string;
  plotHeight: number;
  slots: Slot[];
  lines: { name: string; path: string }[];
  last: { name: string; label: string; y: number }[];
}

/** Time of a bar, and the list of its tasks. */
export interface Bar {
  at: number;
  to: number;
  href: string;
}

export interface Frame {
  bars: Bar[];
  versions: { version: string; firstSeenAt: number }[];
  barMs: number;
}

const TOP = 16;
const FOOT = 22;
const BOX = 1000;
const DAY = 86_400_000;
/** Minimum distance between two labels, percent of the width. */
const MIN_LABEL_DISTANCE = 9;
/** Minimum distance between two values at the right edge, pixels. */
const LINE_HEIGHT = 12;

/** @param counts of each bar by state, from the bottom up. */
export function toBarChart(
  frame: Frame,
  counts: Partial<Record<TaskState, number>>[],
  { plotHeight, per }: { plotHeight: number; per: string },
): BarChart {
  const sums = counts.map((one) => Object.values(one).reduce((sum, n) => sum + n, 0));
  const most = Math.max(0, ...sums);
  const top = niceTop(most);
  const base = chartBase(frame, plotHeight);
  const y = (value: number) => round(base.baseline - (value / top) * plotHeight);
  const lastY = y(sums.at(-1) ?? 0);
  return {
    ...base,
    levels: [top, top / 2].map((value) => ({
      y: y(value),
      textY: y(value) - 4,
      label: `${formatNumber(value)}${value === top ? ` / ${per}` : ''}`,
    })),
    bars: frame.bars.map((bar, index) => {
      const states = Object.entries(counts[index] ?? {}) as [TaskState, number][];
      let below = 0;
      return {
        ...slotOf(frame, index, 0.8),
        title: `${span(bar)}: ${states.map(([state, n]) => `${formatNumber(n)} ${state}`).join(', ')}`,
        parts: states
          .filter(([, n]) => n > 0)
          .map(([state, n]) => {
            const [from, to] = [y(below + n), y(below)];
            below += n;
            // Minimum height, so that one task among thousands is visible.
            const height = Math.max(1.5, to - from);
            return { state, y: round(to - height), height: round(height) };
          }),
      };
    }),
    last: { label: formatNumber(sums.at(-1) ?? 0), y: Math.min(lastY + 4, base.baseline - 3) },
    summary: '',
    empty: most === 0,
  };
}

/** @param series durations in ms, one per bar. A null is a gap in the line. */
export function toLineChart(
  frame: Frame,
  series: { name: string; values: (number | null)[] }[],
  { plotHeight }: { plotHeight: number },
): LineChart {
  const most = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const top = niceDuration(most);
  const base = chartBase(frame, plotHeight);
  const y = (value: number) => round(base.baseline - (value / top) * plotHeight);
  const lasts = series.flatMap(({ name, values }) => {
    const value = values.findLast((one) => one !== null);
    return value == null ? [] : [{ name, label: formatDuration(value), y: y(value) + 4 }];
  });
  return {
    ...base,
    box: `0 0 ${BOX} ${plotHeight}`,
    plotHeight,
    levels: [top, top / 2].map((value) => ({
      y: y(value),
      textY: y(value) - 4,
      label: formatDuration(value),
    })),
    slots: frame.bars.map((bar, index) => ({
      ...slotOf(frame, index, 1),
      title: `${span(bar)}: ${series
        .map(({ name, values }) => `${name} ${values[index] == null ? '–' : formatDuration(values[index])}`)
        .join(', ')}`,
    })),
    lines: series.map(({ name, values }) => ({
      name,
      path: toPath(values, (value) => round(plotHeight - (value / top) * plotHeight)),
    })),
    last: spread(lasts, base.baseline),
    summary: '',
    empty: most === 0 && series.every(({ values }) => values.every((value) => value === null)),
  };
}

function chartBase(frame: Frame, plotHeight: number): Omit<Chart, 'levels' | 'empty'> {
  return {
    height: TOP + plotHeight + FOOT,
    baseline: TOP + plotHeight,
    ticks: toTicks(frame),
    marks: toMarks(frame),
    summary: '',
  };
}

function slotOf(frame: Frame, index: number, share: number): Omit<Slot, 'title'> {
  const step = 100 / Math.max(1, frame.bars.length);
  return { x: `${round(index * step)}%`, width: `${round(step * share)}%`, href: frame.bars[index]!.href };
}

/**
 * Returns points in the middle of their bars. A single point gets a short dash, because a line of one point
 * is invisible.
 */
function toPath(values: (number | null)[], y: (value: number) => number): string {
  const step = BOX / Math.max(1, values.length);
  let path = '';
  let isDrawing = false;
  values.forEach((value, index) => {
    if (value === null) {
      isDrawing = false;
      return;
    }
    const x = round((index + 0.5) * step);
    const isLone = !isDrawing && (values[index + 1] ?? null) === null;
    path += isLone
      ? `M${round(x - step / 3)} ${y(value)}H${round(x + step / 3)}`
      : `${isDrawing ? 'L' : 'M'}${x} ${y(value)}`;
    isDrawing = !isLone;
  });
  return path;
}

/** Moves values at the right edge apart if they would overlap. */
function spread<Label extends { y: number }>(labels: Label[], baseline: number): Label[] {
  const sorted = [...labels].sort((a, b) => b.y - a.y);
  let floor = baseline + 2;
  for (const label of sorted) {
    label.y = round(Math.min(label.y, floor));
    floor = label.y - LINE_HEIGHT;
  }
  return labels;
}

function toTicks({ bars, barMs }: Frame): Tick[] {
  const step = 100 / Math.max(1, bars.length);
  const days = bars.length * barMs > 2 * DAY;
  const places = [0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * (bars.length - 1)));
  return [...new Set(places)]
    .filter((index) => index >= 0 && index < bars.length)
    .map((index) => {
      const at = new Date(bars[index]!.at).toISOString();
      return {
        x: index === 0 ? '0%' : `${round((index + 0.4) * step)}%`,
        at,
        label: days ? at.slice(5, 10) : formatClock(bars[index]!.at),
        days,
        anchor: index === 0 ? 'start' : index === bars.length - 1 ? 'end' : 'middle',
      };
    });
}

function toMarks({ bars, barMs, versions }: Frame): DeployMark[] {
  const from = bars[0]?.at ?? 0;
  const length = Math.max(1, bars.length * barMs);
  let lastNamed = -MIN_LABEL_DISTANCE;
  return versions.map(({ version, firstSeenAt }) => {
    const x = ((firstSeenAt - from) / length) * 100;
    const named = x - lastNamed >= MIN_LABEL_DISTANCE;
    if (named) lastNamed = x;
    return {
      x: `${round(x)}%`,
      label: version.length > 10 ? `${version.slice(0, 9)}…` : version,
      title: `${version} first seen ${day(firstSeenAt)} ${formatClock(firstSeenAt)} UTC`,
      named,
      anchor: x > 85 ? 'end' : 'start',
    };
  });
}

function span({ at, to }: Bar): string {
  if (to - at >= DAY) return day(at);
  const end = to - at > 60_000 ? `–${formatClock(to)}` : '';
  return `${day(at)} ${formatClock(at)}${end} UTC`;
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/**
 * Returns the least of 2, 4, 6, 8, 10, 20, 40 ... that is at least the highest bar. Half of it is a whole
 * number.
 */
export function niceTop(most: number): number {
  for (let unit = 1; ; unit *= 10) {
    for (const step of [2, 4, 6, 8, 10]) if (step * unit >= most) return step * unit;
  }
}

/** Rounds durations up in the same way, to seconds, minutes and hours. */
export function niceDuration(ms: number): number {
  const [second, minute, hour] = [1_000, 60_000, 3_600_000];
  const steps = [20, 30, 60].map((n) => n * second).concat([2, 4, 10, 20, 30, 60].map((n) => n * minute));
  if (ms <= 10 * second) return niceTop(ms);
  return steps.find((step) => ms <= step) ?? niceTop(ms / hour) * hour;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
