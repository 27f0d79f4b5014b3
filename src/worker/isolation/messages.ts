import {
  TaskCancelledError,
  TaskLostError,
  TaskTimeoutError,
  WorkerStoppingError,
} from '../../task-api/outcomes.js';
import type { TaskFailure } from '../../model/task-view.js';
import type { LogLevel } from '../../task-api/task-handler.js';

/*
 * Messages between the worker and its children, as JSON over the IPC channel. Every message about a task has
 * its `run`, the sequence number of the task in that child, so that late messages can be recognized.
 */

export type ToChild = RunTask | AbortTask | StepResultReply | { kind: 'end' };

export interface RunTask {
  kind: 'run';
  run: number;
  type: string;
  /** Input as submitted. The child validates it again to create an instance of the input class. */
  input: unknown;
  taskId: string;
  attempt: number;
  maxAttempts: number;
}

export interface AbortTask {
  kind: 'abort';
  run: number;
  reason: StopReason;
}

/** Answer to `once`: the stored result, none, or an error. */
export interface StepResultReply {
  kind: 'step-result';
  run: number;
  call: number;
  json?: string;
  error?: ErrorParts;
}

/** Question of `ctx.once`: is there a result under `key`? With `json`: store this result. */
export interface OnceQuestion {
  kind: 'once';
  run: number;
  call: number;
  key: string;
  json?: string;
}

export type FromChild =
  | { kind: 'ready'; rssMb: number }
  | { kind: 'report'; run: number; entries: ReportEntry[]; rssMb: number }
  | OnceQuestion
  | TaskOutcome
  /**
   * Sent after the outcome: the child has cleaned up and can run the next task. `worn`: it should be
   * replaced.
   */
  | { kind: 'free'; run: number; rssMb: number; worn: boolean }
  /** Last message before the process ends. */
  | ({ kind: 'crash' } & Crash);

/** Failure outside the handler's promise, or a call that ends the process. */
export interface Crash {
  error: ErrorParts;
  unhandledRejection: boolean;
  /** The process ended by a call such as `process.exit`. */
  exitCalled?: boolean;
  /** A task that ran earlier in this process caused it, or may have. */
  ofEarlierTask?: boolean;
}

export type TaskOutcome =
  /** `json`: the validated result as text. */
  | { kind: 'done'; run: number; json: string }
  /**
   * `aborted`: the handler was asked to stop, and its error comes from the abort. `retryLaterMs`: the handler
   * asked to run again after that pause.
   */
  | {
      kind: 'failed';
      run: number;
      error: ErrorParts;
      permanent: boolean;
      aborted: boolean;
      retryLaterMs?: number;
    };

/** Reports in the order in which the handler made them. */
export type ReportEntry =
  { progress: [done: number, total: number, message?: string] } | { log: [text: string, level: LogLevel] };

/** Error as sent between the processes. */
export type ErrorParts = TaskFailure;

/** Reason why a task is to stop. */
export interface StopReason {
  name: string;
  message: string;
  force?: boolean;
}

/** Converts the reason of an abort signal, which can be any value. */
export function toStopReason(reason: unknown): StopReason {
  if (!(reason instanceof Error)) return { name: 'Error', message: String(reason) };
  return { name: reason.name, message: reason.message, ...(isForced(reason) ? { force: true } : {}) };
}

/** Recreates the reason in the other process, with the same class, so that handlers can use `instanceof`. */
export function fromStopReason({ name, message, force = false }: StopReason): Error {
  switch (name) {
    case 'TaskCancelledError':
      return new TaskCancelledError(message, force);
    case 'TaskTimeoutError':
      return new TaskTimeoutError(message);
    case 'TaskLostError':
      return new TaskLostError(message);
    case 'WorkerStoppingError':
      return new WorkerStoppingError(message);
    default:
      return Object.assign(new Error(message), { name });
  }
}

/** Returns true if the stop does not wait for the handler. */
export function isForced(reason: unknown): boolean {
  return reason instanceof Error && (reason as { force?: unknown }).force === true;
}
