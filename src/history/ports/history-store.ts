import type { TaskState } from '../../model/states.js';
import type { Query, QueryNode } from '../query/query-ast.js';
import type {
  HistoryAttempt,
  HistoryLogLine,
  HistoryProgress,
  HistoryTask,
  HistoryTransition,
  RecordBatch,
  RecordOutcome,
  TaskRef,
} from '../sqlite/rows.js';
import type { AuditStore } from '../sqlite/audit-store.js';
import type { BulkStore } from '../sqlite/bulk-store.js';
import type { SavedSearch } from './saved-search.js';
import type { TotalRow } from '../sqlite/totals-reader.js';
import type { KnownVersion } from '../sqlite/versions.js';

/**
 * The store of the history. Narrow on purpose: another store (Postgres, for several web processes) implements these
 * calls and nothing else. Every call is asynchronous and does not block the caller's event loop.
 * Times are ms since 1970, durations ms, sizes bytes. Without `queue`, a call means the newest task with that id, in
 * any queue. Every call rejects with HistoryClosedError once the store is closed or its thread has died.
 */
export interface HistoryStore {
  /** Bulk actions, stored beside the tasks they act on. */
  readonly audits: AuditStore;
  readonly bulks: BulkStore;

  /**
   * Opens the file and migrates it to the format of this version. Must be called before all other calls.
   * @throws HistoryFileError (from a newer version, or of another program), SqliteError (cannot be opened).
   */
  migrate(): Promise<void>;
  /** Closes the store after the calls already under way. Idempotent. */
  close(): Promise<void>;

  /**
   * Writes all rows and cursors in one transaction, or none. Idempotent: a repeated batch changes and counts nothing.
   */
  record(batch: RecordBatch): Promise<RecordOutcome>;
  /** The last recorded stream entry of each queue. */
  cursors(): Promise<Record<string, string>>;

  /** The whole task: stored bodies, and the stack of its last failure. */
  get(id: string, queue?: string): Promise<HistoryTask | undefined>;
  attempts(id: string, queue?: string): Promise<HistoryAttempt[]>;
  transitions(id: string, queue?: string): Promise<HistoryTransition[]>;
  /** Lines from number `after` on, oldest first; `total` includes lines already deleted. */
  logs(
    id: string,
    page: { queue?: string; after?: number; limit: number },
  ): Promise<{ items: HistoryLogLine[]; total: number }>;
  progress(id: string, queue?: string): Promise<HistoryProgress[]>;
  /** The latest completed or failed runs of a type, newest first. May be incomplete for rare types. */
  similarRuns(search: { queue: string; type: string; limit: number }): Promise<PastRun[]>;

  /** @throws RoostError QUERY_INVALID for a cursor that does not belong to this order. */
  search(search: TaskSearch): Promise<HistoryPage>;
  counts(filter: QueryNode | null): Promise<GroupCounts>;
  /**
   * Exact and therefore slower: counts in chunks between other searches. Tasks that change meanwhile may or may not
   * count.
   */
  count(filter: QueryNode | null, now?: number): Promise<ExactCount>;
  /**
   * Known values that begin with `prefix` (any case): of a field, or of `input.<path>`; `input` lists its paths. At
   * most 100.
   */
  values(field: string, prefix: string, limit: number): Promise<string[]>;
  /**
   * The next task refs of a query, oldest first. Continue with `next` until it is absent. Includes tasks created
   * during the walk.
   */
  ids(
    filter: QueryNode | null,
    page: WalkPage,
  ): Promise<{ items: (TaskRef & { state: TaskState })[]; next?: number }>;
  /** The same as `ids`, but returns the tasks as lists show them. */
  tasks(filter: QueryNode | null, page: WalkPage): Promise<{ items: HistoryTask[]; next?: number }>;

  errors(search: ErrorSearch): Promise<ErrorPage>;
  error(fingerprint: string): Promise<ErrorGroupDetail | undefined>;
  /** False when there is no such group. */
  markError(fingerprint: string, mark: ErrorMark): Promise<boolean>;

  /** Counts and durations of the spans in [`from`, `to`). Omits spans without any. */
  numbers(search: NumberSearch): Promise<NumberSpan[]>;
  /** Totals since the beginning by queue and type: the first `names` of each, the others summed up. */
  totals(names: number): Promise<TotalRow[]>;
  /** Code versions first seen in [`from`, `to`), oldest first. */
  versions(from: number, to: number): Promise<KnownVersion[]>;
  /** Records a running version; changes a known one only if `at` is earlier. */
  noteVersion(version: string, at: number): Promise<void>;

  /** Deletes finished tasks beyond the policy, in chunks between other writes. Returns how many. */
  forget(policy: RetentionPolicy): Promise<number>;
  size(): Promise<StoreSize>;

  /** Sorted by name. */
  searches(): Promise<SavedSearch[]>;
  /** Replaces a search with the same name (any case); `full` when there are too many already. */
  saveSearch(search: SavedSearch): Promise<'added' | 'replaced' | 'full'>;
  /** False when no search has this id. */
  dropSearch(id: string): Promise<boolean>;
}

/** A run to compare others with. */
export interface PastRun {
  id: string;
  state: TaskState;
  runMs: number;
  finishedAt: number;
}

export interface TaskSearch {
  query: Query;
  cursor?: string;
  /** 1-1000. */
  limit: number;
  /** Reference time for ages in the query, ms. */
  now: number;
}

export interface HistoryPage {
  items: HistoryTask[];
  /** A lower bound unless `totalIsExact`. */
  total: number;
  totalIsExact: boolean;
  nextCursor?: string;
}

export interface WalkPage {
  after?: number;
  limit: number;
  now?: number;
}

/** Covers a part of the tasks unless `isExact`; omits names without tasks. */
export interface GroupCounts {
  total: number;
  isExact: boolean;
  byState: Partial<Record<TaskState, number>>;
  byType: Record<string, number>;
  byQueue: Record<string, number>;
  byWorker: Record<string, number>;
}

export interface ExactCount {
  total: number;
  byState: Partial<Record<TaskState, number>>;
  groups: { queue: string; state: TaskState; count: number }[];
}

export type ErrorState = 'open' | 'resolved' | 'ignored' | 'regressed';

export interface ErrorSearch {
  states?: ErrorState[];
  type?: string;
  /** Matches type, name, message or frame, in any case. */
  text?: string;
  /** `recent` sorts by the failures since `since`. */
  sort?: 'last-seen' | 'first-seen' | 'count' | 'recent';
  /** Rounded to the hour; omits groups without a failure since. */
  since?: number;
  offset?: number;
  limit: number;
  /** End of the hourly trend, ms. */
  now: number;
}

export interface ErrorPage {
  items: ErrorGroup[];
  total: number;
  /** Number of groups in each state, with all other conditions applied. */
  byState: Record<ErrorState, number>;
}

export interface ErrorGroup {
  fingerprint: string;
  type: string;
  name: string;
  /** Message without numbers and other variable parts. */
  message: string;
  /** The latest original message. */
  sample: string;
  /** Top stack frame of our own code; empty without a stack. */
  frame: string;
  /** Failed attempts. */
  count: number;
  firstSeenAt: number;
  lastSeenAt: number;
  state: ErrorState;
  note: string | null;
  by: string | null;
  changedAt: number | null;
  /** Time of the first failure after the group was resolved. */
  regressedAt: number | null;
  /** Failed attempts since `since`; all without `since`. */
  recent: number;
  /** Failed attempts in each of the last 24 hours, oldest first. */
  trend: number[];
}

export interface ErrorGroupDetail extends ErrorGroup {
  workers: { worker: string; count: number; lastSeenAt: number }[];
  /** Latest first. Counts only failures whose worker reported its version. */
  versions: { version: string; count: number; firstSeenAt: number; lastSeenAt: number }[];
  /** Hourly counts within their retention. */
  hours: { at: number; count: number }[];
}

export interface ErrorMark {
  /** Only the store itself sets `regressed`. */
  state: 'open' | 'resolved' | 'ignored';
  note?: string;
  by: string;
  at: number;
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

export interface RetentionPolicy {
  /** Deletes tasks that finished before this time, ms. */
  before: Partial<Record<TaskState, number>>;
  /** Maximum number to store; the oldest are deleted first. */
  max: Partial<Record<TaskState, number>>;
  /** Tasks per chunk. Defaults to 100. */
  chunk?: number;
  now: number;
}

export interface StoreSize {
  /** Bytes on disk of the file and its log. */
  bytes: number;
  tasks: number;
  /** Creation time of the oldest task, ms. */
  oldestAt: number | null;
}
