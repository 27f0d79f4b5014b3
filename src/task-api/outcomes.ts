import { MAX_DELAY_MS } from './delays.js';

/** Fails the task at once, whatever attempts are left. Throw it when a retry cannot help. */
export class PermanentError extends Error {
  override name = 'PermanentError';
}

const DEFAULT_LATER = 'Asked to be run again later.';

/**
 * Runs the task again after `delayMs`, without counting the run as an attempt. Throw it when the work cannot be done
 * yet. From the 101st time on it counts as a failed attempt.
 */
export class RetryLaterError extends Error {
  override name = 'RetryLaterError';

  constructor(
    /** Pause before the next run, ms: 0 to 366 days. */
    readonly delayMs: number,
    /** Reason for the page of the task. */
    message: string = DEFAULT_LATER,
    options?: ErrorOptions,
  ) {
    super(message, options);
    if (typeof delayMs !== 'number' || !(delayMs >= 0 && delayMs <= MAX_DELAY_MS)) {
      throw new RangeError(
        `RetryLaterError takes the delay in milliseconds, from 0 to ${MAX_DELAY_MS} (366 days), not ${String(delayMs)}`,
      );
    }
  }
}

/** Reason of an aborted `ctx.signal` when a user cancelled the task: it ends as `cancelled`. */
export class TaskCancelledError extends Error {
  override name = 'TaskCancelledError';

  constructor(
    message: string,
    /** Kills an isolated handler at once, without its grace period. */
    readonly force = false,
  ) {
    super(message);
  }
}

/** Reason of an aborted `ctx.signal` when the attempt exceeded its time limit: it counts as a failed attempt. */
export class TaskTimeoutError extends Error {
  override name = 'TaskTimeoutError';
}

/** Reason of an aborted `ctx.signal` when the worker shuts down: the task returns to its queue. */
export class WorkerStoppingError extends Error {
  override name = 'WorkerStoppingError';
}

/**
 * Reason of an aborted `ctx.signal` when another worker has the task, because this one's lock expired. Further work
 * is discarded.
 */
export class TaskLostError extends WorkerStoppingError {
  override name = 'TaskLostError';

  constructor(message = 'The worker lost the task: its lock ran out, and another one may run it by now.') {
    super(message);
  }
}
