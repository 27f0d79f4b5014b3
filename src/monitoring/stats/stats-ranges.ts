const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Lengths of the steps in which counts are stored, ms; 0 for the whole range in one step. */
export const STEP_LENGTHS = { minute: MINUTE, hour: HOUR, day: DAY, all: 0 } as const;

/** Fields that stats can be grouped by. */
export const GROUPINGS = ['type', 'queue', 'worker'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export const RANGE_NAMES = ['15m', '1h', '24h', '7d', '30d'] as const;
export type RangeName = (typeof RANGE_NAMES)[number];

/** A range up to now, in bars of equal length aligned to the clock (UTC). */
export interface Range {
  name: RangeName | 'zoom';
  /** Label for users. */
  label: string;
  /** Length of a bar, ms. */
  barMs: number;
  bars: number;
  /** Name of a bar, to be used after "per". */
  bar: string;
  /** Step from which the bars are summed. */
  step: 'minute' | 'hour' | 'day';
  /** Precision of the totals at the ends of the range. */
  edge: 'minute' | 'hour';
  /** Maximum age of a cached answer, ms. Longer ranges change more slowly. */
  freshMs: number;
}

export const RANGES: Record<RangeName, Range> = {
  '15m': {
    name: '15m',
    label: '15 min',
    barMs: MINUTE,
    bars: 15,
    bar: 'minute',
    step: 'minute',
    edge: 'minute',
    freshMs: 900,
  },
  '1h': {
    name: '1h',
    label: '1 h',
    barMs: MINUTE,
    bars: 60,
    bar: 'minute',
    step: 'minute',
    edge: 'minute',
    freshMs: 900,
  },
  '24h': {
    name: '24h',
    label: '24 h',
    barMs: 30 * MINUTE,
    bars: 48,
    bar: '30 minutes',
    step: 'minute',
    edge: 'minute',
    freshMs: 5_000,
  },
  '7d': {
    name: '7d',
    label: '7 d',
    barMs: 3 * HOUR,
    bars: 56,
    bar: '3 hours',
    step: 'hour',
    edge: 'hour',
    freshMs: 15_000,
  },
  '30d': {
    name: '30d',
    label: '30 d',
    barMs: DAY,
    bars: 30,
    bar: 'day',
    step: 'day',
    edge: 'hour',
    freshMs: 30_000,
  },
};

/** Returns the shortest range that shows everything since the first record. */
export function rangeSince(firstAt: number | null, now: number): RangeName {
  const isWhole = (name: RangeName) => firstAt === null || windowOf(RANGES[name], now).from <= firstAt;
  return RANGE_NAMES.find(isWhole) ?? '30d';
}

export interface Window {
  from: number;
  to: number;
}

/** Returns the range from the start of the first bar up to now. The last bar is incomplete. */
export function windowOf({ barMs, bars }: Range, now: number): Window {
  return { from: Math.floor(now / barMs) * barMs - (bars - 1) * barMs, to: now };
}

/** Lengths of the bars of a zoomed window, each with the step that they are summed from. */
const ZOOM_BARS = [
  ...([1, 5, 15, 30] as const).map((n) => ({
    barMs: n * MINUTE,
    step: 'minute' as const,
    bar: n === 1 ? 'minute' : `${n} minutes`,
  })),
  ...([1, 3, 12] as const).map((n) => ({
    barMs: n * HOUR,
    step: 'hour' as const,
    bar: n === 1 ? 'hour' : `${n} hours`,
  })),
  { barMs: DAY, step: 'day' as const, bar: 'day' },
];
const MAX_ZOOM_BARS = 120;
/** Time for which minutes are stored, ms, with some room. */
const MINUTES_STORED_MS = 48 * HOUR;

/** Returns the range of a window that a user chose; its bars are as fine as is stored and can be drawn. */
export function zoomRange({ from, to }: Window, now: number): Range {
  const fits = ({ barMs, step }: (typeof ZOOM_BARS)[number]) =>
    (to - from) / barMs <= MAX_ZOOM_BARS && (step !== 'minute' || now - from <= MINUTES_STORED_MS);
  const { barMs, step, bar } = ZOOM_BARS.find(fits) ?? ZOOM_BARS.at(-1)!;
  const first = Math.floor(from / barMs);
  return {
    ...{ name: 'zoom' as const, label: 'chosen time', barMs, bar, step, freshMs: 5_000 },
    bars: Math.max(1, Math.ceil(to / barMs) - first),
    edge: now - from <= MINUTES_STORED_MS ? 'minute' : 'hour',
  };
}

/** Returns the window of the same length directly before. */
export function windowBefore({ barMs, bars }: Range, { from, to }: Window): Window {
  const length = barMs * bars;
  return { from: from - length, to: to - length };
}

/** Returns the start of the recorded part of a window; null if the first record is later. */
export function recordedPart({ from, to }: Window, firstAt: number | null): number | null {
  return firstAt === null || firstAt >= to ? null : Math.max(from, firstAt);
}
