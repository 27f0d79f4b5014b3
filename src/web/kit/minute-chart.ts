import { formatClock, formatNumber } from './format.js';

export interface Minute {
  at: string;
  completed: number;
  failed: number;
}

/** Bar chart of minutes, as geometry attributes of SVG: x and widths in percent, heights in pixels. */
export interface MinuteChart {
  height: number;
  baseline: number;
  bars: {
    x: string;
    width: string;
    title: string;
    completed?: { y: number; height: number };
    failed?: { y: number; height: number };
  }[];
  /** Horizontal lines with their values. The latest value replaces a label that it would overlap. */
  levels: { y: number; textY: number; label: string }[];
  /** Times under the chart; with `at` the browser shows them in its own time zone. */
  ticks: { x: string; at: string; label: string; anchor: string }[];
  last: { label: string; y: number };
  summary: string;
  empty: boolean;
}

const HEIGHT = 150;
const TOP = 14;
const PLOT = 112;

/** Percent of the width reserved at the right for the latest value. */
const RIGHT_PERCENT = 7;

export function toMinuteChart(minutes: Minute[]): MinuteChart {
  const most = Math.max(0, ...minutes.map((one) => one.completed + one.failed));
  const top = niceTop(most);
  const step = (100 - RIGHT_PERCENT) / Math.max(1, minutes.length);
  const baseline = TOP + PLOT;
  const y = (value: number) => round(baseline - (value / top) * PLOT);
  const last = minutes.at(-1);
  const lastY = y(last ? last.completed + last.failed : 0);
  return {
    height: HEIGHT,
    baseline,
    bars: minutes.map((one, index) => ({
      x: `${round(index * step)}%`,
      width: `${round(step * 0.78)}%`,
      title: `${formatClock(Date.parse(one.at))} UTC: ${formatNumber(one.completed)} completed, ${formatNumber(one.failed)} failed`,
      completed: one.completed > 0 ? bar(y(one.completed), baseline) : undefined,
      failed: one.failed > 0 ? bar(y(one.completed + one.failed), y(one.completed)) : undefined,
    })),
    levels: [top, top / 2].map((value) => ({
      y: y(value),
      textY: y(value) - 4,
      label: Math.abs(y(value) - lastY) < 16 ? '' : `${formatNumber(value)}${value === top ? ' / min' : ''}`,
    })),
    ticks: toTicks(minutes, step),
    last: {
      label: last ? formatNumber(last.completed + last.failed) : '',
      y: Math.min(lastY + 4, baseline - 3),
    },
    summary: summarise(minutes, most),
    empty: most === 0,
  };
}

/** Returns a small chart beside a number: points of a polyline in a box of 100 by 24. */
export function toSparkline(values: number[]): string {
  const most = Math.max(1, ...values);
  const step = 100 / Math.max(1, values.length - 1);
  return values.map((value, index) => `${round(index * step)},${round(23 - (value / most) * 21)}`).join(' ');
}

/** Sums `size` minutes each: a sparkline of sixty points in a hundred pixels is only noise. */
export function inGroups(values: number[], size: number): number[] {
  const groups: number[] = [];
  for (let i = 0; i < values.length; i += size) {
    groups.push(values.slice(i, i + size).reduce((sum, one) => sum + one, 0));
  }
  return groups;
}

/**
 * Returns the least of 2, 4, 6, 8, 10, 20, 40 ... that is at least the highest bar. Half of it is a whole
 * number.
 */
function niceTop(most: number): number {
  for (let unit = 1; ; unit *= 10) {
    for (const step of [2, 4, 6, 8, 10]) if (step * unit >= most) return step * unit;
  }
}

function bar(top: number, bottom: number): { y: number; height: number } {
  const height = Math.max(1.5, bottom - top);
  return { y: round(bottom - height), height: round(height) };
}

function toTicks(minutes: Minute[], step: number): MinuteChart['ticks'] {
  return [0, 15, 30, 45, minutes.length - 1]
    .filter((index, place, all) => index >= 0 && index < minutes.length && all.indexOf(index) === place)
    .map((index) => ({
      x: `${round((index + 0.39) * step)}%`,
      at: minutes[index]!.at,
      label: formatClock(Date.parse(minutes[index]!.at)),
      anchor: index === 0 ? 'start' : 'middle',
    }));
}

function summarise(minutes: Minute[], most: number): string {
  const completed = minutes.reduce((sum, one) => sum + one.completed, 0);
  const failed = minutes.reduce((sum, one) => sum + one.failed, 0);
  if (most === 0) return 'Finished per minute in the last hour: none.';
  const busiest = minutes.find((one) => one.completed + one.failed === most)!;
  return (
    `Finished per minute in the last hour: ${formatNumber(completed)} completed, ${formatNumber(failed)} failed; ` +
    `busiest at ${formatClock(Date.parse(busiest.at))} UTC with ${formatNumber(most)}.`
  );
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
