/** Throw it when trying again cannot help: the task fails at once, whatever attempts are left. */
export class PermanentError extends Error {
  override name = 'PermanentError';
}

/** The reason of an aborted `ctx.signal` when somebody cancelled the task: it ends as `cancelled`. */
export class TaskCancelledError extends Error {
  override name = 'TaskCancelledError';

  constructor(
    message: string,
    /** The caller does not want to wait: an isolated handler is killed without its time of grace. */
    readonly force = false,
  ) {
    super(message);
  }
}

/** The reason of an aborted `ctx.signal` when the attempt ran over its time limit: it counts as a failed attempt. */
export class TaskTimeoutError extends Error {
  override name = 'TaskTimeoutError';
}

/** The reason of an aborted `ctx.signal` when the worker shuts down: the task goes back to its queue. */
export class WorkerStoppingError extends Error {
  override name = 'WorkerStoppingError';
}

/** The same when another worker has the task, as this one was away for longer than its lock: what it still does is in vain. */
export class TaskLostError extends WorkerStoppingError {
  override name = 'TaskLostError';

  constructor(message = 'The worker lost the task: its lock ran out, and another one may run it by now.') {
    super(message);
  }
}
