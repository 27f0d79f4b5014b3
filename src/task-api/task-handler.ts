export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Interface between a running task and Roost. */
export interface TaskContext {
  readonly taskId: string;
  /** Number of the attempt, starting with 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /**
   * Aborted when the task should stop: a user cancelled it, its soft time limit passed, the worker is shutting down,
   * or the task was given to another worker. `signal.reason` has the cause. A handler that ignores it continues to run.
   */
  readonly signal: AbortSignal;
  /**
   * Reports progress: `done` of `total` (any unit), with an optional message of at most 200 characters. Cheap to call
   * in a tight loop: writes at once when idle, then at most every 100 ms; the last value always arrives before the
   * task ends.
   * @throws RangeError if `done` or `total` is negative or not finite.
   */
  progress(done: number, total: number, message?: string): Promise<void>;
  /**
   * Adds a line to the task's log, shown live on its page. Cut at 4,000 characters; the last 1,000 lines are stored.
   */
  log(text: string, level?: LogLevel): void;
  /**
   * Runs `fn` once for this task across all attempts. Stores its result in Redis with the task under `key`; a later
   * attempt gets the stored result without running `fn`. The result is converted to JSON and back; undefined becomes
   * null. Concurrent calls with the same key in one attempt run the first `fn` and share its result. Stores nothing
   * if `fn` throws.
   * This is not "exactly once". A worker that dies after `fn` and before its result is stored runs `fn` again in the
   * next attempt. So may a worker that is cut off from Redis until its task is given to another one. If the effect
   * must not happen twice even then, its receiver must detect duplicates: send `taskId` and `key` as an idempotency
   * key.
   * Waits while Redis is unavailable. All results of a task together may have 64 kB; they are stored as long as the
   * task.
   * @throws RangeError for a key that is not 1-100 letters, digits and . _ : - characters; PermanentError for a
   * result that is not JSON or too large.
   */
  once<T>(key: string, fn: () => Promise<T> | T): Promise<T>;
}

/**
 * Code of a task type. Returns the result, which must be JSON and at most `resultLimitBytes` long. A thrown
 * `PermanentError` fails the task at once; any other error is retried while attempts are left. A `RetryLaterError`
 * runs it again after a pause, without counting the attempt. A result that JSON cannot represent (a Map, NaN, an
 * Error, a promise ...) fails the task at once.
 */
export interface TaskHandler<Input = unknown, Result = unknown> {
  run(input: Input, ctx: TaskContext): Promise<Result> | Result;
}
