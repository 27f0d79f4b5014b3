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
  name: RangeName;
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

/** Returns the window of the same length directly before. */
export function windowBefore({ barMs, bars }: Range, { from, to }: Window): Window {
  const length = barMs * bars;
  return { from: from - length, to: to - length };
}

/** Returns the start of the recorded part of a window; null if the first record is later. */
export function recordedPart({ from, to }: Window, firstAt: number | null): number | null {
  return firstAt === null || firstAt >= to ? null : Math.max(from, firstAt);
}
