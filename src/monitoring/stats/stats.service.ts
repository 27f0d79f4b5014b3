import { Inject, Injectable } from '@nestjs/common';
import { TtlCache } from '../../coordination/ttl-cache.js';
import { HistoryStatus } from '../../history/history-status.js';
import type { HistoryStore } from '../../history/ports/history-store.js';
import type { ErrorGroup } from '../../history/ports/error-group-store.js';
import type { NumberSearch, NumberSpan } from '../../history/ports/stats-store.js';
import type { KnownVersion } from '../../history/ports/stats-store.js';
import { HISTORY } from '../../history/tokens.js';
import {
  RANGES,
  recordedPart,
  windowBefore,
  windowOf,
  zoomRange,
  type Range,
  type RangeName,
  type Window,
  type Grouping,
} from './stats-ranges.js';
import { addUp, NO_NUMBERS, toNumbers } from './stats-view.js';
import type { Numbers } from './stats.openapi.js';

export interface NamedNumbers {
  name: string;
  now: Numbers;
  /** Values of the previous period of the same length. */
  before: Numbers;
}

/** Last minute that has ended. */
export interface LastMinute {
  at: number;
  numbers: Numbers;
}

/** Data that the overview shows for one range. */
export interface RangeNumbers extends Window {
  range: Range;
  bars: ({ at: number } & Numbers)[];
  total: Numbers;
  before: Numbers;
  /** Start of the recorded part of this range, and of the one before; null where nothing is recorded. */
  recordedFrom: number | null;
  recordedBefore: number | null;
  /** Absent until a whole minute is recorded. */
  lastMinute?: LastMinute;
  types: NamedNumbers[];
  queues: NamedNumbers[];
  workers: NamedNumbers[];
  /** Application versions first seen in this range. */
  versions: KnownVersion[];
  /** Error groups, those with the most failures in this range first. */
  failing: ErrorGroup[];
}

/** Reports that the history is incomplete at present. */
export interface Behind {
  state: 'catching-up' | 'away' | 'stopped';
  /** Null where it is not known. */
  lagMs: number | null;
  error?: string;
}

/** Cached answers: the ranges by name, and some windows that users chose. */
const MAX_CACHED_RANGES = 16;
const MINUTE_MS = 60_000;
const MAX_FAILING_GROUPS = 6;
/** Delay of the history up to which it counts as current, ms. */
const MAX_LAG_MS = 3_000;

/** Reads counts and durations from the history, for any range, by task type, queue and worker. */
@Injectable()
export class StatsService {
  private readonly ranges = new TtlCache<RangeNumbers>(0, MAX_CACHED_RANGES);

  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly recorder: HistoryStatus,
  ) {}

  /** Returns the data of a range. Cached briefly, because every open page asks once a second. */
  range(name: RangeName, now: number = Date.now()): Promise<RangeNumbers> {
    const range = RANGES[name];
    return this.ranges.get(name, () => this.readRange(range, now), range.freshMs);
  }

  /** Start of the earliest record; null before the first one. */
  firstAt(): Promise<number | null> {
    return this.store.firstNumberAt();
  }

  /** Returns the data of a window that a user chose. */
  between(window: Window, now: number = Date.now()): Promise<RangeNumbers> {
    const range = zoomRange(window, now);
    const from = Math.floor(window.from / range.barMs) * range.barMs;
    const whole = { from, to: Math.min(now, from + range.bars * range.barMs) };
    return this.ranges.get(
      `${window.from}-${window.to}`,
      () => this.readRange(range, now, whole),
      range.freshMs,
    );
  }

  read(search: NumberSearch): Promise<NumberSpan[]> {
    return this.store.numbers(search);
  }

  behind(): Behind | undefined {
    const { state, lagMs, error } = this.recorder.status();
    if (state === 'away' || state === 'stopped') return { state, lagMs, ...(error ? { error } : {}) };
    if (lagMs === null || lagMs <= MAX_LAG_MS) return undefined;
    return { state: 'catching-up', lagMs, ...(error ? { error } : {}) };
  }

  private async readRange(range: Range, now: number, window = windowOf(range, now)): Promise<RangeNumbers> {
    const { from, to } = window;
    const minuteAt = Math.floor(now / MINUTE_MS) * MINUTE_MS - MINUTE_MS;
    const [firstAt, bars, [minute], types, queues, workers, versions, errors] = await Promise.all([
      this.firstAt(),
      this.store.numbers({ from, to, step: range.step, fold: range.barMs }),
      this.store.numbers({ from: minuteAt, to: minuteAt + MINUTE_MS, step: 'all', edge: 'minute' }),
      this.named('type', range, window),
      this.named('queue', range, window),
      this.named('worker', range, window),
      this.store.versions(from, to),
      this.store.errors({
        since: from,
        sort: 'recent',
        limit: MAX_FAILING_GROUPS,
        now,
        states: ['open', 'regressed'],
      }),
    ]);
    const byTime = new Map(bars.map((span) => [span.at, span]));
    return {
      range,
      from,
      to,
      bars: Array.from({ length: range.bars }, (_, i) => {
        const at = from + i * range.barMs;
        return { at, ...toNumbers(byTime.get(at)) };
      }),
      total: addUp(types.spans),
      before: addUp(types.earlier),
      recordedFrom: recordedPart(window, firstAt),
      recordedBefore: recordedPart(windowBefore(range, window), firstAt),
      ...(firstAt !== null && firstAt <= minuteAt
        ? { lastMinute: { at: minuteAt, numbers: toNumbers(minute) } }
        : {}),
      types: types.named,
      queues: queues.named,
      workers: workers.named,
      versions,
      failing: errors.items,
    };
  }

  private async named(by: Grouping, range: Range, window: Window) {
    const read = (times: Window) => this.store.numbers({ ...times, step: 'all', edge: range.edge, by });
    const [spans, earlier] = await Promise.all([read(window), read(windowBefore(range, window))]);
    const before = new Map(earlier.map((span) => [span.name, toNumbers(span)]));
    const named = spans
      .map((span) => ({
        name: span.name ?? '',
        now: toNumbers(span),
        before: before.get(span.name) ?? NO_NUMBERS,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return { spans, earlier, named };
  }
}
