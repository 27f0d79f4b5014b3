import { Job } from 'bullmq';
import { AttemptFailure } from './to-unrecoverable.js';

/**
 * BullMQ's job. Unpacks the handler's error when the failure is stored, after BullMQ's worker has checked the
 * error for control names.
 */
export class TaskJob extends Job {
  override moveToFailed<E extends Error>(
    error: E,
    token: string,
    fetchNext?: boolean,
  ): ReturnType<Job['moveToFailed']> {
    const stored = error instanceof AttemptFailure ? error.toStored() : error;
    return super.moveToFailed(stored, token, fetchNext);
  }
}
