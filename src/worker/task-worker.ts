import { Job } from 'bullmq';
import { PatchedWorker } from '../bullmq/patches/patched-worker.js';
import { AttemptFailure } from './to-unrecoverable.js';

/**
 * BullMQ's job. Unpacks the handler's error when the failure is stored, after BullMQ's worker has checked the
 * error for control names.
 */
class TaskJob extends Job {
  override moveToFailed<E extends Error>(
    error: E,
    token: string,
    fetchNext?: boolean,
  ): ReturnType<Job['moveToFailed']> {
    const stored = error instanceof AttemptFailure ? error.toStored() : error;
    return super.moveToFailed(stored, token, fetchNext);
  }
}

export class TaskWorker extends PatchedWorker {
  protected override get Job(): typeof Job {
    return TaskJob as typeof Job;
  }
}
