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
} from './rows.js';
import type { AuditStore } from './audit-store.js';
import type { BulkStore } from './bulk-store.js';
import type { ErrorGroupStore } from './error-group-store.js';
import type { SavedSearchStore } from './saved-search-store.js';
import type { StatsStore } from './stats-store.js';

/**
 * The store of the history. Narrow on purpose: another store (Postgres, for several web processes) implements these
 * calls and nothing else. Every call is asynchronous and does not block the caller's event loop.
 * Times are ms since 1970, durations ms, sizes bytes. Without `queue`, a call means the newest task with that id, in
 * any queue. Every call rejects with HistoryClosedError once the store is closed.
 */
export interface HistoryStore extends ErrorGroupStore, StatsStore, SavedSearchStore {
  readonly audits: AuditStore;
  /** Bulk actions, stored beside the tasks they act on. */
  readonly bulks: BulkStore;

  /**
   * Opens the store and migrates it to the format of this version. Must be called before all other calls.
   * @throws HistoryFileError (from a newer version, or of another program); an error of the adapter's technology when
   * it cannot be opened.
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
  /**
   * Lines from number `after` on, oldest first; a negative `after` counts from the end. `total` includes lines already
   * deleted.
   */
  logs(
    id: string,
    page: { queue?: string; after?: number; limit: number },
  ): Promise<{ items: HistoryLogLine[]; total: number }>;
  progress(id: string, queue?: string): Promise<HistoryProgress[]>;
  /** The latest completed or failed runs of a type, newest first. May be incomplete for rare types. */
  similarRuns(search: { queue: string; type: string; limit: number }): Promise<PastRun[]>;

  /** @throws RoostError QUERY_INVALID for a cursor that does not belong to this order. */
  search(search: TaskSearch): Promise<HistoryPage>;
  /** The same page as `search`, as the finished JSON of an answer. */
  searchJson(search: TaskSearch): Promise<HistoryPageJson>;
  /** `now`: reference time for ages in the query, ms; the current time by default. */
  counts(filter: QueryNode | null, now?: number): Promise<GroupCounts>;
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

  /** Deletes finished tasks beyond the policy, in chunks between other writes. Returns how many. */
  forget(policy: RetentionPolicy): Promise<number>;
  size(): Promise<StoreSize>;
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

export interface HistoryPageJson {
  /** UTF-8, a `TaskPage`, redacted. */
  bytes: Uint8Array;
  etag: string;
  /** See `cursors`: read before the page, which has everything up to there. */
  cursors: Record<string, string>;
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
  /** Bytes on disk. */
  bytes: number;
  tasks: number;
  /** Creation time of the oldest task, ms. */
  oldestAt: number | null;
}
