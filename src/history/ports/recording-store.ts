import type { AttemptTail } from '../../bullmq/codec/observed-attempts.js';
import type { TaskState } from '../../model/states.js';
import type { RetentionPolicy } from './history-store.js';
import type { RecordBatch, TaskRef } from './rows.js';

/**
 * The history as the recorder writes it: batches with their cursors, the recorder's own notes (followed queues, gaps)
 * and maintenance in chunks. One process at a time records; the cursors fence off a second one.
 */
export interface RecordingStore {
  /** Identifies this history among others on the same Redis. A copy has another id. */
  readonly storeId: string;
  /** Records the id under which others now know this history. Returns the former one if it has changed. */
  noteStoreId(): Promise<string | undefined>;
  /** @throws HistoryMovedError when writes to this history would be lost. */
  checkLocation(): Promise<void>;
  close(): Promise<void>;

  /** The last recorded stream entry of each queue. */
  cursors(): Promise<Record<string, string>>;
  /**
   * Records all batches, in order, and the gaps in one transaction, or nothing. `expected`: the cursor of each queue
   * on which the batches build; undefined when it must have none. Returns the ids of the new gaps.
   * @throws HistoryFencedError
   */
  recordAfter(
    batches: readonly RecordBatch[],
    expected: Record<string, string | undefined>,
    gaps?: GapChanges,
  ): Promise<number[]>;

  /** Sorted by name. */
  followed(): Promise<FollowedNote[]>;
  /** Has no effect for a queue that is followed already. */
  follow(queue: string, now: number): Promise<void>;
  setReconciled(queue: string, now: number): Promise<void>;
  /** Newest first. */
  gaps(limit: number): Promise<StoredGap[]>;
  closeGap(id: number, now: number): Promise<void>;

  /** States of the existing tasks, by id. */
  statesOf(queue: string, ids: readonly string[]): Promise<Map<string, KnownState>>;
  /** The ids whose events, beginning with `added`, have been recorded. */
  withEvents(queue: string, ids: readonly string[]): Promise<Set<string>>;
  /** Number of unfinished tasks of a queue. */
  openTasks(queue: string): Promise<number>;
  /** Unfinished tasks of a queue beyond `after`, in a fixed order; continue until `next` is undefined. */
  unsettled(
    queue: string,
    after: number,
    limit: number,
  ): Promise<{ ids: string[]; next: number | undefined }>;
  /** In the order of the refs. */
  attemptTails(refs: readonly TaskRef[]): Promise<AttemptTail[]>;

  /** Deletes a chunk of the finished tasks beyond the policy. */
  forgetPiece(policy: RetentionPolicy): Promise<{ forgotten: number; isDone: boolean }>;
  /** Whether everything is indexed by these rules of REDACT; records them for an empty history. */
  isIndexedBy(rules: readonly string[]): Promise<boolean>;
  /** Reindexes the next chunk of tasks, also continuing an earlier process. True at the end. */
  reindexPiece(rules: readonly string[]): Promise<boolean>;
}

export interface FollowedNote {
  queue: string;
  /** ms */
  since: number;
  /** Time at which everything that Redis had of the queue was recorded, ms. */
  reconciled: number | null;
}

/** A range of a queue's events that was gone before it could be read. */
export interface NewGap {
  queue: string;
  /** ms */
  from: number;
  to: number;
  noticedAt: number;
  detail: string;
}

export interface GapFindings {
  /** Number of tasks that were found in Redis's sets. */
  found: number;
  /** Ids of tasks whose end is unknown. */
  vanished: readonly string[];
  /** ms; absent while the reconciliation continues. */
  reconciledAt?: number;
}

export interface GapChanges {
  added?: readonly (NewGap & Partial<GapFindings>)[];
  /** Findings to add to existing gaps. */
  known?: readonly (GapFindings & { id: number })[];
}

export interface StoredGap extends NewGap {
  id: number;
  reconciledAt: number | null;
  found: number;
  vanished: number;
  /** Ids of some vanished tasks. */
  sample: string[];
}

export interface KnownState {
  state: TaskState;
  /** ms */
  createdAt: number;
  finishedAt: number | null;
}
