import { UnrecoverableError } from 'bullmq';

/**
 * Wraps a failed attempt on its way through BullMQ's worker, which treats certain names and one message of an
 * error as commands: `DelayedError`, `WaitingError`, `bullmq:rateLimitExceeded` and others. A handler's error
 * is data, so it is wrapped; `TaskJob` unwraps it for storage.
 */
export class AttemptFailure extends Error {
  constructor(
    readonly error: Error,
    /** Fails at once, regardless of the attempts left. */
    readonly permanent: boolean,
  ) {
    super('The attempt failed.');
  }

  /**
   * Returns the error that BullMQ stores: message and stack of the handler's error. Its name is stored in a
   * field of ours.
   */
  toStored(): Error {
    return this.permanent
      ? asUnrecoverable(this.error)
      : withStackOf(this.error, new Error(this.error.message));
  }
}

/**
 * Converts to the BullMQ error that fails at once, regardless of the attempts left. Keeps the handler's
 * stack.
 */
export function asUnrecoverable(error: Error): UnrecoverableError {
  return withStackOf(error, new UnrecoverableError(error.message));
}

function withStackOf<E extends Error>({ stack }: Error, error: E): E {
  if (stack !== undefined) error.stack = stack;
  return error;
}
