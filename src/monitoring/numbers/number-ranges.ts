const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Of the steps that numbers are kept in, ms; 0 for all of a time in one. */
export const STEP_LENGTHS = { minute: MINUTE, hour: HOUR, day: DAY, all: 0 } as const;

export const RANGE_NAMES = ['1h', '24h', '7d', '30d'] as const;
export type RangeName = (typeof RANGE_NAMES)[number];

/** A time up to now, in bars of equal length that begin where clocks do (in UTC). */
export interface Range {
  name: RangeName;
  /** As people write it. */
  label: string;
  /** One bar, ms. */
  barMs: number;
  bars: number;
  /** What a bar is called, after "per". */
  bar: string;
  /** What the bars are added up from. */
  step: 'minute' | 'hour' | 'day';
  /** To what totals are exact at their ends. */
  edge: 'minute' | 'hour';
  /** How long an answer stands, ms: the longer the time, the less a second changes. */
  freshMs: number;
}

export const RANGES: Record<RangeName, Range> = {
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

export interface Window {
  from: number;
  to: number;
}

/** From the start of the first bar up to now: the last bar is still growing. */
export function windowOf({ barMs, bars }: Range, now: number): Window {
  return { from: Math.floor(now / barMs) * barMs - (bars - 1) * barMs, to: now };
}

/** As much of the time before: up to where the window would have ended one length earlier. */
export function windowBefore({ barMs, bars }: Range, { from, to }: Window): Window {
  const length = barMs * bars;
  return { from: from - length, to: to - length };
}
