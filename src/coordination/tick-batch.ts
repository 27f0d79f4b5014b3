interface Waiting<Item, Answer> {
  item: Item;
  resolve: (answer: Answer | Promise<Answer>) => void;
  reject: (error: unknown) => void;
}

/**
 * Coalesces the items added within one tick of the event loop into batches: a shared round trip costs each item a
 * fraction of its own. Adds no latency: a single item is sent in the same tick.
 */
export class TickBatch<Item, Answer> {
  private waiting: Waiting<Item, Answer>[] = [];

  /** @param send returns one answer per item, in the same order. If it rejects, every item of the batch is rejected. */
  constructor(
    private readonly maxBatchSize: number,
    private readonly send: (items: Item[]) => Promise<readonly (Answer | Promise<Answer>)[]>,
  ) {}

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      // Runs after the poll phase: every request that has already arrived joins the batch.
      if (this.waiting.push({ item, resolve, reject }) === 1) setImmediate(() => this.flush());
    });
  }

  private flush(): void {
    const all = this.waiting;
    this.waiting = [];
    for (let from = 0; from < all.length; from += this.maxBatchSize)
      void this.settle(all.slice(from, from + this.maxBatchSize));
  }

  private async settle(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.send(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, i) => resolve(answers[i]!));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
