import { TtlCache } from '../coordination/ttl-cache.js';
import { RoostError } from '../model/errors.js';
import type { TaskQueue } from '../bullmq/shared-queues.js';

/** Maximum age of a cached queue length, ms. Tasks accepted in the meantime are added to it. */
const MAX_LENGTH_AGE_MS = 250;
const MAX_CACHED = 1000;
/** `Retry-After` of a refused request, seconds. A full queue does not drain within a second. */
const RETRY_AFTER_S = 5;

/** Bounds the backlog of each queue: rejects new tasks while the queue is full. */
export class Backpressure {
  private readonly lengths = new TtlCache<{ length: number }>(MAX_LENGTH_AGE_MS, MAX_CACHED);

  /** @param limit maximum number of waiting, prioritized and delayed tasks per queue; 0 for no limit. */
  constructor(private readonly limit: number) {}

  get isLimited(): boolean {
    return this.limit > 0;
  }

  /** @throws RoostError QUEUE_FULL */
  async reserve(queue: TaskQueue): Promise<void> {
    const known = await this.lengths.get(queue.name, async () => ({
      length: await queue.getJobCountByTypes('waiting', 'prioritized', 'delayed'),
    }));
    if (known.length >= this.limit) throw queueFull(queue.name, this.limit);
    known.length++;
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
