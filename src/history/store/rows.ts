import type { LogLevel, TaskFailure, TaskProgress } from '../../contract/task-view.js';
import type { SETTLED_STATES, TaskState } from '../../contract/states.js';

/*
 * What goes into the store and what comes out. Times are ms since 1970, durations ms, sizes bytes; input, result and
 * options are JSON as text, so that nobody parses what is only passed on. All of it is plain data: it crosses threads.
 */

/** Job ids are unique within a queue only: those of other programs are often just 1, 2, 3. */
export interface TaskRef {
  queue: string;
  id: string;
}

/**
 * What is known of a task now. Left out: as it was. `null`: there is none.
 *
 * What does not fit the state is taken away by the store itself: a result stays with `completed` alone, an error with
 * `failed`, `finishedAt` with the settled states, `delayUntil` with `delayed`, `cancelled` with `cancelled`.
 */
export interface TaskRow extends TaskRef {
  state: TaskState;
  /** The job's name. */
  type?: string;
  createdAt?: number;
  input?: string | null;
  result?: string | null;
  /** Where they differ from the length of what is handed in, because that was cut on the way. */
  inputBytes?: number;
  resultBytes?: number;
  /** The stack belongs to the attempt. */
  error?: { name: string; message: string } | null;
  progress?: TaskProgress | null;
  attemptsMade?: number;
  attemptsMax?: number;
  priority?: number;
  tags?: string[];
  /** What it was handed in with besides the input: delay, backoff and the like. */
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
   * Where the row is told by events: each time the task settled according to them. These are what is counted then, as the
   * row itself may be ahead of its events, or have settled more than once. Left out, what differs from before is counted.
   */
  settled?: Settling[];
  /** ms; when it was last put back after it had settled, where events tell. */
  putBackAt?: number;
}

/**
 * A task's coming to an end. `runMs`: by the events, where they tell of its start. `after`: ms, when it was put back before
 * within the same batch.
 */
export interface Settling {
  state: (typeof SETTLED_STATES)[number];
  /** ms */
  at: number;
  runMs: number | null;
  after?: number;
}

export const ATTEMPT_OUTCOMES = ['completed', 'failed', 'lost', 'cancelled', 'expired'] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** One run, told again whenever more is known: the same number replaces what was there, field by field. */
export interface AttemptRow extends TaskRef {
  /** From 1. */
  number: number;
  worker?: string;
  startedAt?: number;
  finishedAt?: number;
  /** Absent while it runs. */
  outcome?: AttemptOutcome;
  error?: TaskFailure;
  /** Of the code that ran it, where its worker told. */
  version?: string;
}

/** A state reached. Told twice it is one: (at, seq, state) is its place. */
export interface TransitionRow extends TaskRef {
  at: number;
  /** The second part of the stream entry's id, `at` being the first; -1 where it was told from the job's own fields. */
  seq: number;
  state: TaskState;
  attempt?: number;
  detail?: string;
}

export interface LogRow extends TaskRef {
  /** From 0, and never again within the task. */
  n: number;
  at: number;
  level: LogLevel;
  attempt: number;
  text: string;
}

/** At most one a second and task is worth keeping. */
export interface ProgressRow extends TaskRef, TaskProgress {
  at: number;
}

export interface RecordBatch {
  /** By queue: the last stream entry that is in this batch. */
  cursors: Record<string, string>;
  /** Each task at most once, or the later one wins. Every task of a row below is here or was in an earlier batch. */
  tasks: TaskRow[];
  attempts: AttemptRow[];
  transitions: TransitionRow[];
  logs: LogRow[];
  progress: ProgressRow[];
  /** To be forgotten: what somebody deleted, not what Redis dropped by its own retention. */
  removed: TaskRef[];
  /** Whose id bears another task from here on. */
  retired?: TaskRef[];
  /** Starts after number `after` that did not happen after all: a limit held the task back after a worker had fetched it. */
  dropped?: (TaskRef & { after: number })[];
  /** Into another queue: all that is kept of them goes along, and no row of them is lost. */
  moved?: (TaskRef & { to: string })[];
}

export interface RecordOutcome {
  added: number;
  changed: number;
  removed: number;
  /** Rows left out because their task is in no batch. */
  orphans: number;
}

/** A task as it is kept. In lists `input` and `result` are cut where `inputCut` and `resultCut` say so. */
export interface HistoryTask extends TaskRef {
  type: string;
  state: TaskState;
  input: string | null;
  inputCut: boolean;
  inputBytes: number;
  result: string | null;
  resultCut: boolean;
  resultBytes: number;
  /** With its stack for a single task, without in lists. */
  error: TaskFailure | null;
  /** Error group of its last failure, also where a later attempt went well. */
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
