import type { TaskState } from '../model/states.js';
import type { LogLine, TaskProgress, TaskView } from '../model/task-view.js';
import type { Backoff } from '../task-api/task.decorator.js';
import type { RoostClientError } from './errors.js';

/** Options of every call that waits for an answer. */
export interface CallOptions {
  /** Ends the call early: it rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Options of a submitted task. */
export interface TaskOptions {
  /** Start in so many ms. Cannot be given together with `runAt`. */
  delayMs?: number;
  /** Time of the start: a Date, or ISO 8601 with an offset. */
  runAt?: Date | string;
  /** 1 is the highest, 1000 the lowest. Defaults to 0: none, ahead of all others. */
  priority?: number;
  /** Maximum number of attempts, 1-100. Defaults to the task type's. */
  attempts?: number;
  /** Defaults to the task type's. */
  backoff?: Backoff;
  /** Time after which an attempt is asked to stop, ms. */
  softTimeoutMs?: number;
  /** Time after which an attempt fails, ms. */
  hardTimeoutMs?: number;
  /** The task expires unless it has started by then. */
  expiresAt?: Date | string;
  /** At most 20. */
  tags?: string[];
}

/** Options of a submit: those of the task, and those of the call. */
export interface SubmitOptions extends TaskOptions, CallOptions {
  /**
   * Makes the submit repeatable: the same key with the same input and options always yields the same task. Defaults to
   * a random one, so that the client can repeat a request whose answer was lost.
   */
  idempotencyKey?: string;
}

/** A task to submit. */
export interface Submission {
  type: string;
  /** Input as JSON. */
  inputJson: string;
  options: TaskOptions;
  idempotencyKey: string;
}

/** An accepted task. */
export interface Accepted {
  id: string;
  /** Missing where it was submitted with others: `get` reads it. */
  task?: TaskView;
}

export type SubmissionOutcome =
  | { ok: true; accepted: Accepted }
  | {
      ok: false;
      /** OutcomeUnknownError where the task may have been accepted. */
      error: RoostClientError;
    };

/** Change of one task. */
export type TaskEvent =
  | {
      /** First event, and again after an interruption that was too long to resume from. */
      type: 'snapshot';
      task: TaskView;
    }
  | { type: 'state'; task: TaskView }
  | { type: 'progress'; progress: TaskProgress | null }
  | { type: 'log'; lines: LogLine[] }
  | { type: 'removed' };

/** Change of any task. */
export interface TaskChange {
  id: string;
  queue: string;
  /** Such as `added`, `active`, `progress`, `log`, `completed`, `removed`. */
  event: string;
  /** Set where the event changed the state. */
  state?: TaskState;
  at: string;
}

export interface CancelOptions extends CallOptions {
  /** At most 500 characters, shown with the task. */
  reason?: string;
  /** Kills an isolated handler at once, without its grace period. */
  force?: boolean;
}

export interface LogOptions extends CallOptions {
  /** First line number. Defaults to 0. */
  after?: number;
  /** Maximum number of lines, 1-1000. */
  limit?: number;
}

/** Way to a Roost: what a task and a task type need of it. */
export interface Transport {
  submit(submission: Submission, call: CallOptions): Promise<Accepted>;
  /** Returns one outcome per submission, in their order. */
  submitMany(submissions: readonly Submission[], call: CallOptions): Promise<SubmissionOutcome[]>;
  get(id: string, call: CallOptions): Promise<TaskView>;
  /** Waits at most `withinMs`, or less: returns the task finished, or as it is by then. */
  getFinished(id: string, call: CallOptions & { withinMs: number }): Promise<TaskView>;
  events(id: string, call: CallOptions): AsyncIterable<TaskEvent>;
  logs(id: string, options: LogOptions): Promise<LogLine[]>;
  cancel(id: string, options: CancelOptions): Promise<TaskView>;
  retry(id: string, call: CallOptions): Promise<TaskView>;
  promote(id: string, call: CallOptions): Promise<TaskView>;
  remove(id: string, call: CallOptions): Promise<void>;
  /** Ends open calls and event streams. */
  close(): Promise<void>;
}
