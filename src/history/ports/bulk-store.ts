import type { QueryNode } from '../query/query-ast.js';
import type { TaskRef } from './rows.js';

export const BULK_ACTIONS = ['retry', 'cancel', 'delete', 'move'] as const;
export type BulkAction = (typeof BULK_ACTIONS)[number];

/**
 * `pending` during its grace period, then `running`. Ends as `completed` (every task has its outcome), `aborted` (a
 * user stopped it), `undone` (stopped before any task was touched) or `failed` (its query could not be run).
 */
export const BULK_STATES = ['pending', 'running', 'completed', 'aborted', 'undone', 'failed'] as const;
export type BulkState = (typeof BULK_STATES)[number];

/**
 * Outcome of one task. `untouched` until it is processed, and permanently if the bulk action was stopped before;
 * `asked` when the worker that runs the task was asked to stop it.
 */
export const BULK_OUTCOMES = ['untouched', 'done', 'asked', 'skipped', 'failed'] as const;
export type BulkOutcome = (typeof BULK_OUTCOMES)[number];

/** A bulk action as submitted. Times are ms. */
export interface BulkOrder {
  id: string;
  action: BulkAction;
  /** Target queue of `move`. */
  to: string | null;
  /** The query as text; null for a selection. */
  q: string | null;
  filter: QueryNode | null;
  reason: string | null;
  by: string;
  createdAt: number;
  /** No task is touched before this time. */
  startsAt: number;
  /** Idempotency key of the client: the same key means the same bulk action. */
  key: string | null;
  /** Fingerprint of the order's content; distinguishes two orders with one key. */
  fingerprint: string | null;
}

export interface Bulk extends BulkOrder {
  state: BulkState;
  /** Number of tasks; null until all are gathered. */
  total: number | null;
  counts: Record<BulkOutcome, number>;
  startedAt: number | null;
  finishedAt: number | null;
  /** User and time of the stop request; the action ends after the tasks in progress. */
  aborted: { by: string; at: number } | null;
  /** The cause of a wait or of the failure. */
  trouble: string | null;
  /** Start time and outcome count of the current process, the base of its rate. */
  rateBase: { since: number; from: number } | null;
  /** The executing process, and its last heartbeat. */
  holder: string | null;
  heartbeatAt: number | null;
  /** Number of processes that have held it; a fencing token: writes of earlier holders are rejected. */
  claims: number;
}

/** `n` counts from 0 in processing order. */
export interface BulkTarget extends TaskRef {
  n: number;
}

export interface TargetOutcome {
  n: number;
  outcome: Exclude<BulkOutcome, 'untouched'>;
  /** Reason for a skip or a failure. */
  detail?: string;
}

export interface OutcomeRow extends BulkTarget {
  outcome: BulkOutcome;
  detail: string | null;
  at: number | null;
}

/**
 * Bulk actions and the outcomes of their tasks, stored so that another process can continue when one is killed.
 * `holder` identifies the executing process; only its writes are accepted.
 */
export interface BulkStore {
  /**
   * Creates a bulk action, with its tasks if they are selected individually. Returns the earlier one if its key was
   * used before.
   */
  create(order: BulkOrder, targets?: TaskRef[]): Promise<{ bulk: Bulk; created: boolean }>;
  get(id: string): Promise<Bulk | undefined>;
  /** Newest first. */
  list(page: { before?: number; limit: number }): Promise<Bulk[]>;
  outcomes(
    id: string,
    page: { outcome?: BulkOutcome; after?: number; limit: number },
  ): Promise<{ items: OutcomeRow[]; next?: number }>;

  /** Lists all unfinished bulk actions. */
  open(): Promise<Bulk[]>;
  /** Makes `holder` the executing process, unless another one has sent a heartbeat since `silentSince`. */
  claim(id: string, holder: string, silentSince: number, now: number): Promise<Bulk | undefined>;
  /** Records a heartbeat for all bulk actions of `holder`. */
  beat(holder: string, now: number): Promise<void>;
  /** Releases it, so that another process can continue at once. */
  release(id: string, holder: string): Promise<void>;

  /** Progress of gathering: the place to continue the walk from. */
  gathered(id: string): Promise<{ place: number | null; isWhole: boolean } | undefined>;
  /** Adds targets and the new place in one step; false when `holder` has lost it. */
  gather(
    id: string,
    holder: string,
    piece: { refs: TaskRef[]; place: number | null; isWhole: boolean },
  ): Promise<boolean>;
  /** Changes `pending` to `running`. */
  begin(id: string, holder: string, now: number): Promise<Bulk | undefined>;
  /** The next targets without an outcome. */
  next(id: string, limit: number): Promise<BulkTarget[]>;
  /** Records outcomes; undefined when `holder` has lost it. */
  settle(id: string, holder: string, outcomes: TargetOutcome[], now: number): Promise<Bulk | undefined>;
  /** Records the cause of a wait; null when it continues. */
  explain(id: string, holder: string, trouble: string | null): Promise<void>;
  end(
    id: string,
    holder: string,
    state: 'completed' | 'aborted' | 'failed',
    now: number,
    trouble?: string,
  ): Promise<void>;
  /** Undoes a pending one at once, asks a running one to stop; undefined when it does not exist. */
  abort(id: string, by: string, now: number): Promise<Bulk | undefined>;
  /** Deletes a chunk of those that ended before `before`; true when nothing is left. */
  forget(before: number): Promise<boolean>;
}
