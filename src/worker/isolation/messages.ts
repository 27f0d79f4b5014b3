import {
  TaskCancelledError,
  TaskLostError,
  TaskTimeoutError,
  WorkerStoppingError,
} from '../../contract/outcomes.js';
import type { LogLevel } from '../../contract/task-view.js';

/*
 * What the worker and its children say to each other, as JSON over the channel between them. Everything about a task
 * carries its `run`, the how-manieth task of that child it is: words that come late are told apart.
 */

export type ToChild = RunTask | AbortTask | KeptAnswer | { kind: 'end' };

export interface RunTask {
  kind: 'run';
  run: number;
  type: string;
  /** As it was handed in: the child checks it again to make an instance of the input class. */
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

/** What `once` asked for: the result that is kept, none, or why that cannot be told. */
export interface KeptAnswer {
  kind: 'kept';
  run: number;
  call: number;
  json?: string;
  error?: ErrorParts;
}

/** `ctx.once`: is there a result under `key`? With `json`: keep this one. */
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
  /** After the outcome: it has cleaned up and can take the next task. */
  | { kind: 'free'; run: number; rssMb: number }
  /** Its last word: something outside the handler's promise failed. */
  | { kind: 'crash'; error: ErrorParts; unhandledRejection: boolean };

export type TaskOutcome =
  /** `json`: the result as text, checked already. */
  | { kind: 'done'; run: number; json: string }
  /** `aborted`: the handler threw the very reason of its signal. */
  | { kind: 'failed'; run: number; error: ErrorParts; permanent: boolean; aborted: boolean };

/** In the order in which the handler said it. */
export type ReportEntry =
  { progress: [done: number, total: number, message?: string] } | { log: [text: string, level: LogLevel] };

export interface ErrorParts {
  name: string;
  message: string;
  stack?: string;
}

/** Why a task is to stop. */
export interface StopReason {
  name: string;
  message: string;
  force?: boolean;
}

export function toErrorParts({ name, message, stack }: Error): ErrorParts {
  return { name, message, ...(stack === undefined ? {} : { stack }) };
}

/** The reason of an abort signal, which can be anything. */
export function toStopReason(reason: unknown): StopReason {
  if (!(reason instanceof Error)) return { name: 'Error', message: String(reason) };
  return { name: reason.name, message: reason.message, ...(isForced(reason) ? { force: true } : {}) };
}

/** The same kind of reason on the other side, so that handlers can tell them apart by class. */
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

/** Whoever stopped it does not want to wait for the handler. */
export function isForced(reason: unknown): boolean {
  return reason instanceof Error && (reason as { force?: unknown }).force === true;
}
