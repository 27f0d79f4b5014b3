import { RoostError } from '../model/errors.js';

/** Limits how many costly operations run at once. Queues the others, and rejects when the queue is full. */
export class ConcurrencyLimiter {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly maxRunning: number,
    private readonly maxWaiting: number,
    private readonly fullMessage = 'Too many requests at once. Try again in a moment.',
  ) {}

  /** @throws RoostError TOO_MANY_REQUESTS if the queue is full. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.maxRunning) {
      if (this.waiting.length >= this.maxWaiting) {
        throw new RoostError('TOO_MANY_REQUESTS', this.fullMessage, undefined, { retryAfter: 5 });
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.running++;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      // Passes the slot on to the next in the queue.
      if (next) next();
      else this.running--;
    }
  }
}
