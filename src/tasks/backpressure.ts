import { RoostError } from '../model/errors.js';
import type { TaskQueue } from '../bullmq/shared-queues.js';

/** Maximum age of a cached queue length, ms. Tasks accepted in the meantime are added to it. */
const MAX_LENGTH_AGE_MS = 250;
/** `Retry-After` of a refused request, seconds. A full queue does not drain within a second. */
const RETRY_AFTER_S = 5;

/** Bounds the backlog of each queue: rejects new tasks while the queue is full. */
export class Backpressure {
  private readonly lengths = new Map<string, { at: number; length: Promise<number>; added: number }>();

  /** @param limit maximum number of waiting, prioritized and delayed tasks per queue; 0 for no limit. */
  constructor(private readonly limit: number) {}

  /** @throws RoostError QUEUE_FULL */
  async reserve(queue: TaskQueue): Promise<void> {
    if (this.limit === 0) return;
    let known = this.lengths.get(queue.name);
    if (!known || Date.now() - known.at > MAX_LENGTH_AGE_MS) {
      const length = queue.getJobCountByTypes('waiting', 'prioritized', 'delayed');
      this.lengths.set(queue.name, (known = { at: Date.now(), length, added: 0 }));
    }
    if ((await known.length) + known.added >= this.limit) throw queueFull(queue.name, this.limit);
    known.added++;
  }
}

function queueFull(queue: string, limit: number): RoostError {
  return new RoostError(
    'QUEUE_FULL',
    `The queue ${queue} is full: it holds ${limit} waiting tasks, the limit set by QUEUE_LIMIT. Nothing was accepted; submit again later.`,
    undefined,
    { queue, retryAfter: RETRY_AFTER_S },
  );
}
