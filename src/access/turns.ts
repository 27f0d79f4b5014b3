import { RoostError } from '../contract/errors.js';

/** Lets few at a time do what is costly; the others wait, and too many of them are sent away. */
export class Turns {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly atOnce: number,
    private readonly maxWaiting: number,
  ) {}

  /** @throws RoostError TOO_MANY_REQUESTS */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.atOnce) {
      if (this.waiting.length >= this.maxWaiting) {
        throw new RoostError(
          'TOO_MANY_REQUESTS',
          'Too many are signing in right now: try again in a moment.',
          undefined,
          { retryAfter: 5 },
        );
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.running++;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      // Who waited takes over the place that is free.
      if (next) next();
      else this.running--;
    }
  }
}
