import type { JobsOptions } from 'bullmq';
import type { JobEnvelope } from '../bullmq/codec/job-envelope.js';
import type { TaskQueue } from '../bullmq/shared-queues.js';
import { toStorageError } from '../bullmq/connection/redis-errors.js';

/** Jobs per round trip. A full batch takes Redis about 3 ms, during which it serves no other client. */
const MAX_BATCH_SIZE = 200;

interface Add {
  name: string;
  data: JobEnvelope;
  opts: JobsOptions;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Coalesces the jobs added within one tick of the event loop into one round trip: a shared socket write costs each job a
 * fraction of its own. Adds no latency: a single job is sent in the same tick.
 *
 * Requires that every job has an id chosen by the caller. When a round trip fails as a whole, each job is added again
 * alone, and adding an id that exists already has no effect.
 */
export class AddCoalescer {
  private readonly waiting = new Map<TaskQueue, Add[]>();

  add(queue: TaskQueue, name: string, data: JobEnvelope, opts: JobsOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const add = { name, data, opts, resolve, reject };
      const before = this.waiting.get(queue);
      if (before) before.push(add);
      else {
        this.waiting.set(queue, [add]);
        // Runs after the poll phase: every request that has already arrived joins the batch.
        setImmediate(() => this.send(queue));
      }
    });
  }

  private send(queue: TaskQueue): void {
    const adds = this.waiting.get(queue) ?? [];
    this.waiting.delete(queue);
    for (let from = 0; from < adds.length; from += MAX_BATCH_SIZE)
      void addAll(queue, adds.slice(from, from + MAX_BATCH_SIZE));
  }
}

async function addAll(queue: TaskQueue, adds: readonly Add[]): Promise<void> {
  if (adds.length > 1) {
    try {
      await queue.addBulk(adds.map(({ name, data, opts }) => ({ name, data, opts })));
      for (const { resolve } of adds) resolve();
      return;
    } catch (error) {
      // A failure of Redis concerns the whole batch. Any other error may concern a single job.
      if (toStorageError(error)) {
        for (const { reject } of adds) reject(error);
        return;
      }
    }
  }
  await Promise.all(
    adds.map(({ name, data, opts, resolve, reject }) =>
      queue.add(name, data, opts).then(() => resolve(), reject),
    ),
  );
}
