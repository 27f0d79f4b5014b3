import { RoostError } from '../contract/errors.js';
import type { TaskQueue } from '../queue/queues.js';

/** How long a length is believed, ms; what is handed in meanwhile is added to it. */
const BELIEVED_MS = 250;
/** A queue that is full is not empty a second later. */
const RETRY_AFTER_S = 5;

/** Keeps queues from growing without end: who hands in faster than is worked is told to wait. */
export class QueueRoom {
  private readonly lengths = new Map<string, { at: number; length: Promise<number>; added: number }>();

  /** @param limit tasks that wait in one queue, delayed ones with them; 0 for none. */
  constructor(private readonly limit: number) {}

  /** @throws RoostError QUEUE_FULL */
  async take(queue: TaskQueue): Promise<void> {
    if (this.limit === 0) return;
    let known = this.lengths.get(queue.name);
    if (!known || Date.now() - known.at > BELIEVED_MS) {
      const length = queue.getJobCountByTypes('waiting', 'prioritized', 'delayed');
      this.lengths.set(queue.name, (known = { at: Date.now(), length, added: 0 }));
    }
    if ((await known.length) + known.added >= this.limit) throw full(queue.name, this.limit);
    known.added++;
  }
}

function full(queue: string, limit: number): RoostError {
  return new RoostError(
    'QUEUE_FULL',
    `The queue ${queue} holds ${limit} tasks that wait, as many as it may (QUEUE_LIMIT). Nothing was accepted: hand it in again later.`,
    undefined,
    { queue, retryAfter: RETRY_AFTER_S },
  );
}
