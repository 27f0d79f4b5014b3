interface Waiting<Item, Answer> {
  item: Item;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

export interface TickBatchOptions {
  /** Items per batch. */
  maxBatchSize: number;
  /** Batches that are sent at the same time. Later items wait for one of them to end. Defaults to any number. */
  maxRunning?: number;
  /** Whether an error of a batch is that of all items that wait. */
  isFatal?: (error: unknown) => boolean;
}

/**
 * Coalesces the items added within one tick of the event loop into batches: a shared round trip costs each item a
 * fraction of its own. Adds no latency: a single item is sent in the same tick.
 */
export class TickBatch<Item, Answer> {
  private waiting: Waiting<Item, Answer>[] = [];
  private running = 0;
  private isScheduled = false;

  /**
   * @param send returns one answer per item, in the same order; an error rejects its item. If it rejects, every item of the
   * batch is rejected.
   */
  constructor(
    private readonly options: TickBatchOptions,
    private readonly send: (items: Item[]) => Promise<readonly (Answer | Error)[]>,
  ) {}

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (this.isScheduled) return;
      this.isScheduled = true;
      // Runs after the poll phase: every request that has already arrived joins the batch.
      setImmediate(() => {
        this.isScheduled = false;
        this.flush();
      });
    });
  }

  private flush(): void {
    const { maxBatchSize, maxRunning = Infinity } = this.options;
    while (this.waiting.length > 0 && this.running < maxRunning) {
      void this.settle(this.waiting.splice(0, maxBatchSize));
    }
  }

  private async settle(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    this.running++;
    try {
      const answers = await this.send(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, i) => {
        const answer = answers[i]!;
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      });
    } catch (error) {
      const failed = this.options.isFatal?.(error) ? [...batch, ...this.waiting.splice(0)] : batch;
      for (const { reject } of failed) reject(error);
    } finally {
      this.running--;
      if (this.options.maxRunning !== undefined) this.flush();
    }
  }
}
