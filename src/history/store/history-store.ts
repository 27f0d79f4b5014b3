import type { TaskState } from '../../contract/states.js';
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
} from './rows.js';
import type { AuditStore } from './audit-store.js';
import type { BulkStore } from './bulk-store.js';
import type { SavedSearch } from './saved-searches.js';
import type { TotalRow } from './totals-reader.js';
import type { KnownVersion } from './versions.js';

/**
 * Where the history is kept. Narrow on purpose: another store (Postgres, for several web processes) has these calls to
 * give and nothing else to know. Every call is asynchronous and none blocks the caller's event loop.
 *
 * Times are ms since 1970, durations ms, sizes bytes. `queue` left out means the newest task of that id, whichever
 * queue it is in. Every call rejects with HistoryClosedError once the store is closed or its thread has died.
 */
export interface HistoryStore {
  /** Bulk actions, kept beside what they act on. */
  readonly audits: AuditStore;
  readonly bulks: BulkStore;

  /**
   * Opens the file and brings it to the format of this version; comes before all others.
   * @throws HistoryFileError (from a newer version, or of another program), SqliteError (cannot be opened).
   */
  migrate(): Promise<void>;
  /** Ends after what is already under way. Idempotent. */
  close(): Promise<void>;

  /** Writes rows and cursors in one transaction, or nothing of it. Told again, it changes and counts nothing again. */
  record(batch: RecordBatch): Promise<RecordOutcome>;
  /** By queue: the last stream entry recorded. */
  cursors(): Promise<Record<string, string>>;

  /** The whole task: bodies as far as they are kept, and the stack of its last failure. */
  get(id: string, queue?: string): Promise<HistoryTask | undefined>;
  attempts(id: string, queue?: string): Promise<HistoryAttempt[]>;
  transitions(id: string, queue?: string): Promise<HistoryTransition[]>;
  /** Lines from number `after` on, oldest first; `total` counts also those no longer kept. */
  logs(
    id: string,
    page: { queue?: string; after?: number; limit: number },
  ): Promise<{ items: HistoryLogLine[]; total: number }>;
  progress(id: string, queue?: string): Promise<HistoryProgress[]>;
  /** The latest runs of a type that completed or failed, the newest first; of rare ones perhaps not all. */
  similarRuns(search: { queue: string; type: string; limit: number }): Promise<PastRun[]>;

  /** @throws RoostError QUERY_INVALID for a cursor that is none of this order's. */
  search(search: TaskSearch): Promise<HistoryPage>;
  counts(filter: QueryNode | null): Promise<GroupCounts>;
  /** Exact, and the longer for it: a piece at a time between other searches. What changes meanwhile may count or not. */
  count(filter: QueryNode | null, now?: number): Promise<ExactCount>;
  /** Known values that begin with `prefix` (any case): of a field, or of `input.<path>`; of `input` its paths. At most 100. */
  values(field: string, prefix: string, limit: number): Promise<string[]>;
  /** The next refs of a query, oldest task first; go on with `next` until there is none. What was created since comes too. */
  ids(
    filter: QueryNode | null,
    page: WalkPage,
  ): Promise<{ items: (TaskRef & { state: TaskState })[]; next?: number }>;
  /** As `ids`, with the tasks as lists show them. */
  tasks(filter: QueryNode | null, page: WalkPage): Promise<{ items: HistoryTask[]; next?: number }>;

  errors(search: ErrorSearch): Promise<ErrorPage>;
  error(fingerprint: string): Promise<ErrorGroupDetail | undefined>;
  /** False where there is no such group. */
  markError(fingerprint: string, mark: ErrorMark): Promise<boolean>;

  /** Counts and durations of the spans from `from` up to, not including, `to`; spans without any are left out. */
  numbers(search: NumberSearch): Promise<NumberSpan[]>;
  /** All that was ever counted, by queue and type: the first `names` of each kind, the others together. */
  totals(names: number): Promise<TotalRow[]>;
  /** Versions of the code first seen from `from` up to, not including, `to`, oldest first. */
  versions(from: number, to: number): Promise<KnownVersion[]>;
  /** Tells of a version that runs; one that is known only if this was earlier. */
  noteVersion(version: string, at: number): Promise<void>;

  /** Lets go of settled tasks beyond the policy, a piece at a time between other writes. Answers how many. */
  forget(policy: RetentionPolicy): Promise<number>;
  size(): Promise<StoreSize>;

  /** By name. */
  searches(): Promise<SavedSearch[]>;
  /** Replaces the one of the same name, in any case; `full` where there are too many already. */
  saveSearch(search: SavedSearch): Promise<'added' | 'replaced' | 'full'>;
  /** False where there is none with this id. */
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
  /** What ages are counted back from. */
  now: number;
}

export interface HistoryPage {
  items: HistoryTask[];
  /** At least so many where it is not exact. */
  total: number;
  totalIsExact: boolean;
  nextCursor?: string;
}

export interface WalkPage {
  after?: number;
  limit: number;
  now?: number;
}

/** Of a part of the tasks only where it is not exact; names that occur in none are left out. */
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
  /** In type, name, message or frame, in any case. */
  text?: string;
  /** `recent` goes by the failures since `since`. */
  sort?: 'last-seen' | 'first-seen' | 'count' | 'recent';
  /** To the hour; leaves out groups without a failure since. */
  since?: number;
  offset?: number;
  limit: number;
  /** Hours of trend before this time. */
  now: number;
}

export interface ErrorPage {
  items: ErrorGroup[];
  total: number;
  /** How many there would be in each state, the other conditions being the same. */
  byState: Record<ErrorState, number>;
}

export interface ErrorGroup {
  fingerprint: string;
  type: string;
  name: string;
  /** With numbers and the like taken out. */
  message: string;
  /** As it was last. */
  sample: string;
  /** The top frame of our own, if there was a stack. */
  frame: string;
  /** Failed attempts. */
  count: number;
  firstSeenAt: number;
  lastSeenAt: number;
  state: ErrorState;
  note: string | null;
  by: string | null;
  changedAt: number | null;
  /** The first failure after it was resolved. */
  regressedAt: number | null;
  /** Failed attempts since `since`, else all. */
  recent: number;
  /** Failed attempts in each of the last 24 hours, oldest first. */
  trend: number[];
}

export interface ErrorGroupDetail extends ErrorGroup {
  workers: { worker: string; count: number; lastSeenAt: number }[];
  /** The latest first; of failures whose worker told its version. */
  versions: { version: string; count: number; firstSeenAt: number; lastSeenAt: number }[];
  /** By the hour, as long as it is kept. */
  hours: { at: number; count: number }[];
}

export interface ErrorMark {
  /** `regressed` is set by the store alone. */
  state: 'open' | 'resolved' | 'ignored';
  note?: string;
  by: string;
  at: number;
}

export interface NumberSearch {
  from: number;
  to: number;
  /** `all` puts the whole time into one; minutes are kept for 49 hours, hours for 100 days, days for good. */
  step: 'minute' | 'hour' | 'day' | 'all';
  /** Adds the steps up to longer ones of so many ms. */
  fold?: number;
  /** To what `all` is exact at its ends, which are moved outwards to whole ones. Defaults to days. */
  edge?: 'minute' | 'hour' | 'day';
  /** One row a type, queue or worker rather than one for all. */
  by?: 'type' | 'queue' | 'worker';
  /** Of one type and queue, or of one worker: workers are counted apart from types and queues. */
  type?: string;
  queue?: string;
  worker?: string;
}

export interface NumberSpan {
  at: number;
  /** The type, queue or worker asked for with `by`. */
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

/** Of tasks that completed or failed. Quantiles are within 2 %; `null` where there is none. */
export interface DurationSummary {
  count: number;
  sumMs: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  /** `Histogram.decode` reads it: for other quantiles, cumulative buckets, and adding spans up. */
  histogram: Uint8Array;
}

export interface RetentionPolicy {
  /** Settled before this time: forgotten. */
  before: Partial<Record<TaskState, number>>;
  /** Kept at most; the oldest go first. */
  max: Partial<Record<TaskState, number>>;
  /** Tasks in one piece. Defaults to 100. */
  chunk?: number;
  now: number;
}

export interface StoreSize {
  /** File and its log, as they lie on disk. */
  bytes: number;
  tasks: number;
  /** Creation time of the oldest. */
  oldestAt: number | null;
}
