import type { JobsOptions } from 'bullmq';
import type { JobEnvelope } from '../queue/job-envelope.js';
import type { TaskQueue } from '../queue/queues.js';
import { toStorageError } from '../queue/redis-errors.js';

/** Of one round trip: three milliseconds of Redis, between which others are served. */
const MOST = 200;

interface Add {
  name: string;
  data: JobEnvelope;
  opts: JobsOptions;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Adds what is handed in within one turn of the event loop in one round trip: one write to the socket for all of them
 * costs each a fraction of its own. Nobody waits for others: one that comes alone goes alone, in the same turn.
 *
 * Every job needs an id of our own: where a round trip fails as a whole, each is added again by itself, which is nothing
 * new for those that are there already.
 */
export class GatheredAdds {
  private readonly waiting = new Map<TaskQueue, Add[]>();

  add(queue: TaskQueue, name: string, data: JobEnvelope, opts: JobsOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const add = { name, data, opts, resolve, reject };
      const before = this.waiting.get(queue);
      if (before) before.push(add);
      else {
        this.waiting.set(queue, [add]);
        // After all sockets that have something to read have been read.
        setImmediate(() => this.send(queue));
      }
    });
  }

  private send(queue: TaskQueue): void {
    const adds = this.waiting.get(queue) ?? [];
    this.waiting.delete(queue);
    for (let from = 0; from < adds.length; from += MOST) void addAll(queue, adds.slice(from, from + MOST));
  }
}

async function addAll(queue: TaskQueue, adds: readonly Add[]): Promise<void> {
  if (adds.length > 1) {
    try {
      await queue.addBulk(adds.map(({ name, data, opts }) => ({ name, data, opts })));
      for (const { resolve } of adds) resolve();
      return;
    } catch (error) {
      // Redis's own trouble is everybody's; anything else may be about one of them.
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
