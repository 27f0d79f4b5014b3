import type { LogLevel } from './task-view.js';

/** What a running task may say and hear. */
export interface TaskContext {
  readonly taskId: string;
  /** 1 for the first run. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /**
   * Aborted when the task should stop: cancelled by somebody, over its soft time limit, the worker
   * is shutting down, or the task was taken from it. `signal.reason` says which. A handler that ignores it runs on.
   */
  readonly signal: AbortSignal;
  /**
   * Reports how far the task has come: `done` of `total` (any unit), with an optional message of at most 200 characters.
   * Cheap to call in a tight loop: values are written at once when the line is idle and then at most
   * every 100 ms; the last one always arrives before the task ends.
   * @throws RangeError when `done` or `total` is negative or no finite number.
   */
  progress(done: number, total: number, message?: string): Promise<void>;
  /** Adds a line to the task's log, shown live on its page. Cut at 4,000 characters; the last 1,000 lines are kept. */
  log(text: string, level?: LogLevel): void;
  /**
   * Does something once for this task, in however many attempts: what `fn` returns is kept in Redis with the task under
   * `key`, and a later attempt gets it without running `fn`. It comes back as JSON does; nothing comes back as null.
   * Of calls with the same key in one attempt the first one runs, all get its result. An `fn` that throws has kept nothing.
   *
   * Its limits: it is no "exactly once". A worker that dies after `fn` and before its result is kept runs `fn` again in
   * the next attempt, and so may one that is cut off from Redis until its task is taken from it. What must not happen
   * twice even then needs a receiver that can tell: give it `taskId` and `key` as an idempotency key.
   * Waits while Redis is away. All results of a task together may be 64 kB; they are kept as long as the task.
   * @throws RangeError for a key that is not 1-100 letters, digits and . _ : - characters; PermanentError where the result
   *   is no JSON or too large.
   */
  once<T>(key: string, fn: () => Promise<T> | T): Promise<T>;
}

/**
 * The code of a task type. Returns the result, which must be JSON and at most `resultLimitBytes` long.
 * What it throws decides what happens next: a `PermanentError` fails the task at once, anything else
 * is tried again while attempts are left.
 */
export interface TaskHandler<Input = unknown, Result = unknown> {
  run(input: Input, ctx: TaskContext): Promise<Result> | Result;
}
