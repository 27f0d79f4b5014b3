import type { JobsOptions } from 'bullmq';
import { TickBatch } from '../coordination/tick-batch.js';
import type { JobEnvelope } from '../bullmq/codec/job-envelope.js';
import type { TaskQueue } from '../bullmq/shared-queues.js';
import { toStorageError } from '../bullmq/connection/redis-errors.js';

/** Jobs per round trip. A full batch takes Redis about 3 ms, during which it serves no other client. */
const MAX_BATCH_SIZE = 200;

interface Add {
  name: string;
  data: JobEnvelope;
  opts: JobsOptions;
}

/**
 * Sends the jobs added within one tick of the event loop to their queue in one round trip.
 *
 * Requires that every job has an id chosen by the caller. When a round trip fails as a whole, each job is added again
 * alone, and adding an id that exists already has no effect.
 */
export class AddCoalescer {
  private readonly byQueue = new Map<TaskQueue, TickBatch<Add, unknown>>();

  async add(queue: TaskQueue, name: string, data: JobEnvelope, opts: JobsOptions): Promise<void> {
    let batch = this.byQueue.get(queue);
    if (!batch) {
      batch = new TickBatch(MAX_BATCH_SIZE, (adds) => addAll(queue, adds));
      this.byQueue.set(queue, batch);
    }
    await batch.add({ name, data, opts });
  }
}

async function addAll(queue: TaskQueue, adds: Add[]): Promise<readonly unknown[]> {
  if (adds.length > 1) {
    try {
      return await queue.addBulk(adds);
    } catch (error) {
      // A failure of Redis concerns the whole batch. Any other error may concern a single job.
      if (toStorageError(error)) throw error;
    }
  }
  return adds.map(({ name, data, opts }) => queue.add(name, data, opts));
}
