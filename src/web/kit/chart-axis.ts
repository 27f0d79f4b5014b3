import { formatClock } from './format.js';

/** Vertical line at the first sighting of a version of the code, at a pause or at the loss of a worker. */
export interface Mark {
  kind: 'deploy' | 'pause' | 'lost';
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

/** Time before the first record, hatched. */
export interface Unrecorded {
  width: string;
  /** Start of the record; absent where nothing is recorded. */
  until?: { at: string; label: string; days: boolean };
  /** False if there is no room for the text, and for the time beside it. */
  named: boolean;
  timed: boolean;
}

/** Time of a bar, and the list of its tasks. */
export interface Bar {
  at: number;
  to: number;
  href: string;
}

export interface ChartEvent {
  kind: Mark['kind'];
  at: number;
  label: string;
  /** Sentence to which the time is added. */
  title: string;
}

export interface Frame {
  bars: Bar[];
  versions: { version: string; firstSeenAt: number }[];
  events?: ChartEvent[];
  barMs: number;
  /** Start of the record; null where nothing is recorded, absent if it does not matter. */
  recordedFrom?: number | null;
  /** End of the frame: a bar that ends later is still in progress. */
  now: number;
}

const DAY = 86_400_000;
/** Minimum distance between two labels, percent of the width. */
const MIN_LABEL_DISTANCE = 9;
/** Minimum width of a hatched part with a label, percent of the width. */
const MIN_HATCH_LABEL_PERCENT = 35;

export function toUnrecorded(frame: Frame): { unrecorded?: Unrecorded } {
  const { bars, recordedFrom } = frame;
  if (recordedFrom === undefined) return {};
  if (recordedFrom === null) return { unrecorded: { width: '100%', named: true, timed: false } };
  const before = bars.filter((bar) => !isRecorded(frame, bar)).length;
  if (before === 0) return {};
  const percent = (before / bars.length) * 100;
  const days = isInDays(frame);
  const at = new Date(recordedFrom).toISOString();
  return {
    unrecorded: {
      width: `${round(percent)}%`,
      named: percent >= MIN_HATCH_LABEL_PERCENT,
      timed: percent >= 2 * MIN_HATCH_LABEL_PERCENT,
      until: { at, days, label: days ? at.slice(5, 10) : formatClock(recordedFrom) },
    },
  };
}

/** Returns false for a bar that ends before the first record. */
export function isRecorded({ recordedFrom }: Frame, { to }: Bar): boolean {
  return recordedFrom === undefined || (recordedFrom !== null && to > recordedFrom);
}

/** Returns the index of the last bar that has ended; of the only one if it is in progress. */
export function lastEnded({ bars, now }: Frame): number {
  return Math.max(
    0,
    bars.findLastIndex(({ to }) => to <= now),
  );
}

/** Returns true if the labels of the axis are days. */
function isInDays({ bars, barMs }: Frame): boolean {
  return bars.length * barMs > 2 * DAY;
}

export function toTicks(frame: Frame): Tick[] {
  const { bars } = frame;
  const step = 100 / Math.max(1, bars.length);
  const days = isInDays(frame);
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

export function toMarks({ bars, barMs, versions, events = [] }: Frame): Mark[] {
  const from = bars[0]?.at ?? 0;
  const length = Math.max(1, bars.length * barMs);
  // The labels of the levels are at the left edge.
  let lastNamed = 0;
  const deploys = versions.map(({ version, firstSeenAt: at }): ChartEvent => {
    return { kind: 'deploy', at, label: version, title: `${version} first seen` };
  });
  return [...deploys, ...events]
    .filter(({ at }) => at >= from && at < from + length)
    .sort((a, b) => a.at - b.at)
    .map(({ kind, at, label, title }) => {
      const x = ((at - from) / length) * 100;
      const named = x - lastNamed >= MIN_LABEL_DISTANCE;
      if (named) lastNamed = x;
      return {
        kind,
        x: `${round(x)}%`,
        label: label.length > 10 ? `${label.slice(0, 9)}…` : label,
        title: `${title} ${day(at)} ${formatClock(at)} UTC`,
        named,
        anchor: x > 85 ? 'end' : 'start',
      };
    });
}

/** Formats the time of a bar. */
export function formatBarTime({ at, to }: Bar, now: number): string {
  const soFar = to > now ? ' so far' : '';
  if (to - at >= DAY) return day(at) + soFar;
  const end = to - at > 60_000 ? `–${formatClock(to)}` : '';
  return `${day(at)} ${formatClock(at)}${end} UTC${soFar}`;
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

/** Rounds a place in a chart to what a screen can show. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
