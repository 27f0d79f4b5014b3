import type { TaskState } from '../../model/states.js';
import {
  type Frame,
  formatBarTime,
  isRecorded,
  lastEnded,
  type Mark,
  niceDuration,
  niceTop,
  round,
  type Tick,
  toMarks,
  toTicks,
  toUnrecorded,
  type Unrecorded,
} from './chart-axis.js';
import { formatDuration, formatNumber } from './format.js';

interface Level {
  y: number;
  textY: number;
  label: string;
}

interface Slot {
  /** Start and end, ISO. */
  at: string;
  to: string;
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
  marks: Mark[];
  unrecorded?: Unrecorded;
  summary: string;
  empty: boolean;
}

/** Geometry attributes of SVG: x and widths in percent, heights in pixels. */
export interface BarChart extends Chart {
  bars: (Slot & { parts: { state: TaskState; y: number; height: number }[] })[];
  last: { label: string; y: number };
  /** Line over the bars, in `box`. */
  line?: { box: string; plotHeight: number; path: string };
}

/** Lines are drawn in a box of `BOX` by the plot's height, stretched to its width. */
export interface LineChart extends Chart {
  box: string;
  plotHeight: number;
  slots: Slot[];
  lines: { name: string; path: string }[];
  last: { name: string; label: string; y: number }[];
}

const TOP = 16;
const FOOT = 22;
const BOX = 1000;
/** Minimum distance between two values at the right edge, pixels. */
const LINE_HEIGHT = 12;

/** @param counts of each bar by state, from the bottom up. */
export function toBarChart(
  frame: Frame,
  counts: Partial<Record<TaskState, number>>[],
  {
    plotHeight,
    per,
    line,
  }: { plotHeight: number; per: string; line?: { name: string; values: (number | null)[] } },
): BarChart {
  const sums = counts.map((one) => Object.values(one).reduce((sum, n) => sum + n, 0));
  const most = Math.max(0, ...sums, ...(line?.values ?? []).map((value) => value ?? 0));
  const top = niceTop(most);
  const base = chartBase(frame, plotHeight);
  const y = (value: number) => round(base.baseline - (value / top) * plotHeight);
  const last = sums[lastEnded(frame)] ?? 0;
  const lastY = y(last);
  return {
    ...base,
    levels: [top, top / 2].map((value) => ({
      y: y(value),
      textY: y(value) - 4,
      label: `${formatNumber(value)}${value === top ? ` / ${per}` : ''}`,
    })),
    bars: frame.bars.map((bar, index) => {
      const states = Object.entries(counts[index] ?? {}) as [TaskState, number][];
      const added = line?.values[index];
      const texts = [
        ...states.map(([state, n]) => `${formatNumber(n)} ${state}`),
        ...(added == null ? [] : [`${formatNumber(added)} ${line!.name}`]),
      ];
      let below = 0;
      return {
        ...slotOf(frame, index, 0.8),
        title: `${formatBarTime(bar, frame.now)}: ${isRecorded(frame, bar) ? texts.join(', ') : 'not recorded'}`,
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
    last: { label: formatNumber(last), y: Math.min(lastY + 4, base.baseline - 3) },
    ...(line
      ? {
          line: {
            box: `0 0 ${BOX} ${plotHeight}`,
            plotHeight,
            path: toPath(line.values, (value) => round(plotHeight - (value / top) * plotHeight)),
          },
        }
      : {}),
    summary: '',
    empty: most === 0,
  };
}

/** @param series durations in ms, one per bar. A null is a gap in the line. */
export function toLineChart(
  frame: Frame,
  series: { name: string; values: (number | null)[] }[],
  {
    plotHeight,
    nice = niceDuration,
    format = formatDuration,
  }: { plotHeight: number; nice?: (most: number) => number; format?: (value: number) => string },
): LineChart {
  const most = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const top = nice(most);
  const base = chartBase(frame, plotHeight);
  const y = (value: number) => round(base.baseline - (value / top) * plotHeight);
  const lasts = series.flatMap(({ name, values }) => {
    const value = values.slice(0, lastEnded(frame) + 1).findLast((one) => one !== null);
    return value == null ? [] : [{ name, label: format(value), y: y(value) + 4 }];
  });
  return {
    ...base,
    box: `0 0 ${BOX} ${plotHeight}`,
    plotHeight,
    levels: [top, top / 2].map((value) => ({
      y: y(value),
      textY: y(value) - 4,
      label: format(value),
    })),
    slots: frame.bars.map((bar, index) => ({
      ...slotOf(frame, index, 1),
      title: `${formatBarTime(bar, frame.now)}: ${series
        .map(
          ({ name, values }) =>
            `${series.length > 1 ? `${name} ` : ''}${values[index] == null ? '–' : format(values[index])}`,
        )
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
    ...toUnrecorded(frame),
    summary: '',
  };
}

function slotOf(frame: Frame, index: number, share: number): Omit<Slot, 'title'> {
  const step = 100 / Math.max(1, frame.bars.length);
  const { at, to, href } = frame.bars[index]!;
  return {
    at: new Date(at).toISOString(),
    to: new Date(to).toISOString(),
    x: `${round(index * step)}%`,
    width: `${round(step * share)}%`,
    href,
  };
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
