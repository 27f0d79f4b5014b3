import { UnrecoverableError } from 'bullmq';

/** In BullMQ's words: fails at once, whatever attempts are left. The handler's own name and stack stay. */
export function asUnrecoverable(error: Error): UnrecoverableError {
  const failure = new UnrecoverableError(error.message);
  if (error.stack !== undefined) failure.stack = error.stack;
  return failure;
}
