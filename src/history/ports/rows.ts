import type { TaskFailure, TaskProgress } from '../../model/task-view.js';
import type { LogLevel } from '../../task-api/task-handler.js';
import type { FINISHED_STATES, TaskState } from '../../model/states.js';

/*
 * Rows that go into and come out of the store. Times are ms since 1970, durations ms, sizes bytes. Input, result and
 * options are JSON text, so that they are not parsed just to be passed on. All rows are plain data: they cross
 * threads.
 */

/** Job ids are unique within a queue only: those of other programs are often just 1, 2, 3. */
export interface TaskRef {
  queue: string;
  id: string;
}

/**
 * Current state of a task. An absent field leaves the stored value; `null` clears it.
 * The store itself removes fields that do not fit the state: only `completed` has a result, `failed` an error,
 * finished states `finishedAt`, `delayed` a `delayUntil`, `cancelled` a `cancelled`.
 */
export interface TaskRow extends TaskRef {
  state: TaskState;
  /** Name of the job. */
  type?: string;
  createdAt?: number;
  input?: string | null;
  result?: string | null;
  /** Present when the body was truncated before it reached the store. */
  inputBytes?: number;
  resultBytes?: number;
  /** The attempt has the other parts. `codes`: of the error and its causes. */
  error?: { name: string; message: string; codes?: string[] } | null;
  progress?: TaskProgress | null;
  attemptsMade?: number;
  attemptsMax?: number;
  priority?: number;
  tags?: string[];
  /** Options of the submission besides the input: delay, backoff and the like. */
  options?: string | null;
  delayUntil?: number | null;
  expiresAt?: number | null;
  startedAt?: number | null;
  finishedAt?: number | null;
  waitMs?: number | null;
  runMs?: number | null;
  worker?: string | null;
  origin?: string | null;
  cancelled?: { by: string; at: number; reason?: string } | null;
  /**
   * Present if events describe the row: each finish according to the events. Only these are counted, as the row
   * itself may be ahead of its events or may have finished more than once. Without it, differences to the stored row
   * are counted.
   */
  settled?: Settling[];
  /** Time of the last retry after a finish according to the events, ms. */
  putBackAt?: number;
}

/**
 * A finish of a task. `runMs`: by the events, if they include the start. `after`: time of a preceding retry within
 * the same batch, ms.
 */
export interface Settling {
  state: (typeof FINISHED_STATES)[number];
  /** ms */
  at: number;
  runMs: number | null;
  after?: number;
}

export const ATTEMPT_OUTCOMES = ['completed', 'failed', 'lost', 'cancelled', 'expired', 'postponed'] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** One run. Recorded again whenever more is known: the same number replaces the stored row, field by field. */
export interface AttemptRow extends TaskRef {
  /** Counted from 1. */
  number: number;
  worker?: string;
  startedAt?: number;
  finishedAt?: number;
  /** Absent while it runs. */
  outcome?: AttemptOutcome;
  error?: TaskFailure;
  /** Version of the code that ran it, if its worker reported one. */
  version?: string;
}

/** A state reached. Identified by (at, seq, state), so recording it again has no effect. */
export interface TransitionRow extends TaskRef {
  at: number;
  /** The second part of the stream entry's id, `at` being the first; -1 when derived from the job's own fields. */
  seq: number;
  state: TaskState;
  attempt?: number;
  detail?: string;
}

export interface LogRow extends TaskRef {
  /** Counted from 0; unique within the task. */
  n: number;
  at: number;
  level: LogLevel;
  attempt: number;
  text: string;
}

/** Store at most one per second and task. */
export interface ProgressRow extends TaskRef, TaskProgress {
  at: number;
}

export interface RecordBatch {
  /** The last stream entry in this batch, by queue. */
  cursors: Record<string, string>;
  /** Each task once; a later row wins. Every task of a row below is here or was in an earlier batch. */
  tasks: TaskRow[];
  attempts: AttemptRow[];
  transitions: TransitionRow[];
  logs: LogRow[];
  progress: ProgressRow[];
  /** Tasks to delete because a user deleted them; not those that Redis dropped by its own retention. */
  removed: TaskRef[];
  /** Tasks whose id belongs to another task from here on. */
  retired?: TaskRef[];
  /** Starts after number `after` that did not happen: a limit held the task back after a worker had fetched it. */
  dropped?: (TaskRef & { after: number })[];
  /** Tasks moved to another queue: all their stored rows move along. */
  moved?: (TaskRef & { to: string })[];
}

export interface RecordOutcome {
  added: number;
  changed: number;
  removed: number;
  /** Rows omitted because their task is in no batch. */
  orphans: number;
}

/** A stored task. In lists, `input` and `result` are truncated where `inputCut` and `resultCut` are set. */
export interface HistoryTask extends TaskRef {
  type: string;
  state: TaskState;
  input: string | null;
  inputCut: boolean;
  inputBytes: number;
  result: string | null;
  resultCut: boolean;
  resultBytes: number;
  /** Includes its stack for a single task, not in lists. */
  error: TaskFailure | null;
  /** Error group of its last failure, even if a later attempt succeeded. */
  errorGroup: string | null;
  progress: TaskProgress | null;
  attemptsMade: number;
  attemptsMax: number;
  priority: number;
  tags: string[];
  options: string | null;
  createdAt: number;
  delayUntil: number | null;
  expiresAt: number | null;
  startedAt: number | null;
  finishedAt: number | null;
  waitMs: number | null;
  runMs: number | null;
  worker: string | null;
  origin: string | null;
  cancelled: { by: string; at: number; reason?: string } | null;
}

export interface HistoryAttempt {
  number: number;
  worker: string | null;
  startedAt: number | null;
  finishedAt: number | null;
  outcome: AttemptOutcome | null;
  error: TaskFailure | null;
  version: string | null;
}

export type HistoryTransition = Omit<TransitionRow, 'queue' | 'id'>;
export type HistoryLogLine = Omit<LogRow, 'queue' | 'id'>;
export type HistoryProgress = Omit<ProgressRow, 'queue' | 'id'>;
