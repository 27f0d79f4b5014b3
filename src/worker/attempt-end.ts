import { MAX_DELAY_MS } from '../task-api/delays.js';
import {
  RetryLaterError,
  TaskCancelledError,
  TaskLostError,
  TaskTimeoutError,
  WorkerStoppingError,
} from '../task-api/outcomes.js';
import { comesFromAbort } from './abort-origin.js';
import { HardTimeoutError, type TaskRun } from './task-run.js';
import { tryRead } from './error-details.js';
import { isInstance, isPermanent, toError } from './normalize-error.js';

/** Next state of a task whose attempt did not complete. */
export type AttemptEnd =
  | { to: 'cancelled' }
  /** Another worker runs the task. */
  | { to: 'lost' }
  /** Returns to its queue; the attempt is not counted. */
  | { to: 'waiting' }
  /** Runs again after the pause that its handler asked for; the attempt is not counted. */
  | { to: 'delayed'; delayMs: number; error: Error }
  /** `permanent`: not retried, regardless of the attempts left. */
  | { to: 'failed'; error: Error; permanent: boolean };

/**
 * Maximum number of uncounted runs of a task. Beyond it a crash of the worker counts as an attempt: the task
 * may be the cause.
 */
const MAX_UNCOUNTED = 20;

/**
 * Maximum number of times that a task may ask to run again later, since it was submitted or retried by hand.
 */
export const MAX_POSTPONED = 100;

/** Ends an attempt without counting it, because another task caused the end. */
export class GiveBackError extends Error {
  /** `cause`: the error that the task fails with if it was given back too often. */
  constructor(cause: Error) {
    super('Given back to its queue.', { cause });
  }
}

export function mayGiveBack({ uncounted }: Pick<TaskRun, 'uncounted'>): boolean {
  return uncounted < MAX_UNCOUNTED;
}

/**
 * Decides from the reason of the abort signal, if there is one. Node, libraries and handlers that wrap errors
 * throw other errors than the signal's reason.
 */
export function toAttemptEnd(
  thrown: unknown,
  run: Pick<TaskRun, 'reason' | 'uncounted' | 'postponed'>,
): AttemptEnd {
  const { reason } = run;
  if (reason instanceof TaskCancelledError) return { to: 'cancelled' };
  if (reason instanceof TaskLostError) return { to: 'lost' };
  if (thrown instanceof GiveBackError) {
    return mayGiveBack(run) ? { to: 'waiting' } : toAttemptEnd(thrown.cause, run);
  }
  if (isInstance(thrown, RetryLaterError)) return toDelayedEnd(thrown, run);
  const permanent = isPermanent(thrown);
  if (reason instanceof WorkerStoppingError && !isFailure(thrown, reason, permanent))
    return { to: 'waiting' };
  return { to: 'failed', error: toError(permanent ? thrown : withReason(thrown, reason)), permanent };
}

/** Validates the fields of the error, which may have been changed since it was created. */
function toDelayedEnd(thrown: RetryLaterError, { postponed }: Pick<TaskRun, 'postponed'>): AttemptEnd {
  const delayMs = Number(tryRead(() => thrown.delayMs));
  const isDelay = delayMs >= 0 && delayMs <= MAX_DELAY_MS;
  const error = toError(thrown);
  if (isDelay && postponed < MAX_POSTPONED) return { to: 'delayed', delayMs: Math.round(delayMs), error };
  const why = isDelay
    ? `It asked to run again later more than ${MAX_POSTPONED} times: ${error.message}`
    : `A RetryLaterError with a delay of ${delayMs} ms: ${error.message}`;
  return { to: 'failed', error: new Error(why, { cause: thrown }), permanent: false };
}

/**
 * Returns true if an attempt failed although its worker is stopping. A handler that rejects during a stop
 * normally gives its task back, whatever it throws. It fails if the attempt is over its hard limit, or if the
 * error is permanent and the stop did not cause it.
 */
function isFailure(thrown: unknown, reason: Error, permanent: boolean): boolean {
  return thrown instanceof HardTimeoutError || (permanent && !comesFromAbort(thrown, reason));
}

/**
 * Replaces an error like "The operation was aborted", which does not show that the attempt exceeded its soft
 * limit.
 */
function withReason(thrown: unknown, reason: Error | undefined): unknown {
  const isEcho =
    reason instanceof TaskTimeoutError &&
    !(thrown instanceof TaskTimeoutError) &&
    comesFromAbort(thrown, reason);
  return isEcho ? new TaskTimeoutError(reason.message, { cause: thrown }) : thrown;
}
