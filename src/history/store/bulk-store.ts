import type { QueryNode } from '../query/query-ast.js';
import type { TaskRef } from './rows.js';

export const BULK_ACTIONS = ['retry', 'cancel', 'delete', 'move'] as const;
export type BulkAction = (typeof BULK_ACTIONS)[number];

/**
 * `pending` until its time to think it over has passed, then `running`. It ends as `completed` (every task has its
 * outcome), `aborted` (somebody stopped it on the way), `undone` (before anything was touched) or `failed` (its query
 * could not be carried out).
 */
export const BULK_STATES = ['pending', 'running', 'completed', 'aborted', 'undone', 'failed'] as const;
export type BulkState = (typeof BULK_STATES)[number];

/**
 * What became of one task. `untouched` until its turn comes, and for good where the bulk action was stopped before;
 * `asked` where the worker that runs it has been asked to let go.
 */
export const BULK_OUTCOMES = ['untouched', 'done', 'asked', 'skipped', 'failed'] as const;
export type BulkOutcome = (typeof BULK_OUTCOMES)[number];

/** What is to be done, as it was ordered. Times are ms. */
export interface BulkOrder {
  id: string;
  action: BulkAction;
  /** Where `move` moves to. */
  to: string | null;
  /** The query as text; null for a selection. */
  q: string | null;
  filter: QueryNode | null;
  reason: string | null;
  by: string;
  createdAt: number;
  /** Nothing is touched before. */
  startsAt: number;
  /** The client's name for this order: the same key is the same bulk action. */
  key: string | null;
  /** Of the order's content, to tell two orders with one key apart. */
  fingerprint: string | null;
}

export interface Bulk extends BulkOrder {
  state: BulkState;
  /** Tasks it is about; null until they are all gathered. */
  total: number | null;
  counts: Record<BulkOutcome, number>;
  startedAt: number | null;
  finishedAt: number | null;
  /** Who stopped it and when: it ends after the tasks it has in hand. */
  aborted: { by: string; at: number } | null;
  /** What it waits for, or why it failed. */
  trouble: string | null;
  /** Since when, and with how many outcomes, the present process has been at it: what its rate is counted from. */
  pace: { since: number; from: number } | null;
  /** The process that carries it out, and its last sign of life. */
  holder: string | null;
  heardAt: number | null;
  /** How many processes have been its holder: what a later one does counts, what an earlier one still does is refused. */
  claims: number;
}

/** `n` counts from 0 in the order they are acted on. */
export interface BulkTarget extends TaskRef {
  n: number;
}

export interface TargetOutcome {
  n: number;
  outcome: Exclude<BulkOutcome, 'untouched'>;
  /** Why it was skipped or failed. */
  detail?: string;
}

export interface OutcomeRow extends BulkTarget {
  outcome: BulkOutcome;
  detail: string | null;
  at: number | null;
}

/**
 * Bulk actions and what became of each task: kept so that another process goes on where one was killed. `holder` names
 * the process that carries one out; what it writes counts only while it is the holder.
 */
export interface BulkStore {
  /** With its tasks where they are named one by one. The earlier one where its key was used before. */
  create(order: BulkOrder, targets?: TaskRef[]): Promise<{ bulk: Bulk; created: boolean }>;
  get(id: string): Promise<Bulk | undefined>;
  /** Newest first. */
  list(page: { before?: number; limit: number }): Promise<Bulk[]>;
  outcomes(
    id: string,
    page: { outcome?: BulkOutcome; after?: number; limit: number },
  ): Promise<{ items: OutcomeRow[]; next?: number }>;

  /** All that have not ended. */
  open(): Promise<Bulk[]>;
  /** Makes `holder` the one that carries it out, unless another one that was heard of since `silentSince` does. */
  claim(id: string, holder: string, silentSince: number, now: number): Promise<Bulk | undefined>;
  /** A sign of life for all that `holder` carries out. */
  beat(holder: string, now: number): Promise<void>;
  /** Lets go of it, so that another process can go on at once. */
  release(id: string, holder: string): Promise<void>;

  /** Where gathering has come to: the place in the walk to go on from. */
  gathered(id: string): Promise<{ place: number | null; isWhole: boolean } | undefined>;
  /** Adds targets and the new place in one; false where it is no longer the holder's. */
  gather(
    id: string,
    holder: string,
    piece: { refs: TaskRef[]; place: number | null; isWhole: boolean },
  ): Promise<boolean>;
  /** From `pending` to `running`. */
  begin(id: string, holder: string, now: number): Promise<Bulk | undefined>;
  /** The next targets without an outcome. */
  next(id: string, limit: number): Promise<BulkTarget[]>;
  /** Keeps outcomes; undefined where it is no longer the holder's. */
  settle(id: string, holder: string, outcomes: TargetOutcome[], now: number): Promise<Bulk | undefined>;
  /** What it waits for at the moment; null when it goes on. */
  explain(id: string, holder: string, trouble: string | null): Promise<void>;
  end(
    id: string,
    holder: string,
    state: 'completed' | 'aborted' | 'failed',
    now: number,
    trouble?: string,
  ): Promise<void>;
  /** Undoes a pending one at once, asks a running one to stop; undefined where there is no such one. */
  abort(id: string, by: string, now: number): Promise<Bulk | undefined>;
  /** Lets go of a piece of what ended before `before`; true when there is no more. */
  forget(before: number): Promise<boolean>;
}
