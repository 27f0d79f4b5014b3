/** Counts and durations over time, totals, and the versions of the code that ran. */
export interface StatsStore {
  /** Counts and durations of the spans in [`from`, `to`). Omits spans without any. */
  numbers(search: NumberSearch): Promise<NumberSpan[]>;
  /** Start of the earliest recorded span, to the minute while minutes are stored; null before the first record. */
  firstNumberAt(): Promise<number | null>;
  /** Totals since the beginning by queue and type: the first `names` of each, the others summed up. */
  totals(names: number): Promise<TotalRow[]>;
  /** Code versions first seen in [`from`, `to`), oldest first. */
  versions(from: number, to: number): Promise<KnownVersion[]>;
  /** Records a running version; changes a known one only if `at` is earlier. */
  noteVersion(version: string, at: number): Promise<void>;
}

export interface NumberSearch {
  from: number;
  to: number;
  /** `all` returns the whole time as one span. Minutes are stored for 49 hours, hours for 100 days, days forever. */
  step: 'minute' | 'hour' | 'day' | 'all';
  /** Merges steps into longer ones of this many ms. */
  fold?: number;
  /** Precision of both ends of `all`, which are moved outwards to whole steps. Defaults to days. */
  edge?: 'minute' | 'hour' | 'day';
  /** Returns one row per type, queue or worker instead of one for all. */
  by?: 'type' | 'queue' | 'worker';
  /** Filters by type and queue, or by worker: workers are counted separately from types and queues. */
  type?: string;
  queue?: string;
  worker?: string;
}

export interface NumberSpan {
  at: number;
  /** The type, queue or worker, according to `by`. */
  name?: string;
  added: number;
  completed: number;
  failed: number;
  cancelled: number;
  expired: number;
  /** Attempts after the first. */
  retried: number;
  wait: DurationSummary;
  run: DurationSummary;
}

/** Durations of completed and failed tasks. Quantiles are exact within 2 %; `null` without data. */
export interface DurationSummary {
  count: number;
  sumMs: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  /** Encoded for `Histogram.decode`, which gives other quantiles, cumulative buckets and sums of spans. */
  histogram: Uint8Array;
}

/** Totals of one queue and type; `Histogram.decode` reads the histograms. */
export interface TotalRow {
  /** Undefined for the sum of all names beyond the first ones. */
  queue: string | undefined;
  type: string | undefined;
  added: number;
  completed: number;
  failed: number;
  cancelled: number;
  expired: number;
  retried: number;
  waitMs: number;
  runMs: number;
  wait: Uint8Array;
  run: Uint8Array;
}

export interface KnownVersion {
  version: string;
  firstSeenAt: number;
}
