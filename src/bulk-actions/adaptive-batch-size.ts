/** Bounds of the batch size. */
const MIN_BATCH_SIZE = 1;
const MAX_BATCH_SIZE = 100;
/** Size of the first batch. Small, because the cost per task (a long waiting list, large jobs) is not known yet. */
const INITIAL_BATCH_SIZE = 5;

/** Target for Redis's own execution time per batch, ms: Redis serves no other client in the meantime. */
const TARGET_BATCH_MS = 5;
/** Number of batches whose median is the time per task. A single batch may be slow for unrelated reasons. */
const MEDIAN_BATCHES = 7;
/** Latency of a small command above which Redis or this process counts as busy, ms. */
const BUSY_LATENCY_MS = 50;
const MAX_PAUSE_MS = 500;

/**
 * Adapts the batch size and the pause after each batch to the load of Redis. Leaves other clients at least half of Redis's
 * time, and limits each batch to a few ms.
 */
export class AdaptiveBatchSize {
  private size = INITIAL_BATCH_SIZE;
  private readonly perTask: number[] = [];

  /** Number of tasks in the next batch. */
  get next(): number {
    return this.size;
  }

  /**
   * Records a batch of `count` tasks and returns the pause before the next one, ms.
   * @param redisMs Redis's own execution time of the batch.
   * @param latencyMs latency of a small command just before it, ms.
   */
  pause(count: number, redisMs: number, latencyMs: number): number {
    this.perTask.push(redisMs / Math.max(1, count));
    if (this.perTask.length > MEDIAN_BATCHES) this.perTask.shift();
    const medianMs = [...this.perTask].sort((a, b) => a - b)[this.perTask.length >> 1]!;
    const fitting = medianMs > 0 ? Math.floor(TARGET_BATCH_MS / medianMs) : MAX_BATCH_SIZE;
    this.size = Math.max(MIN_BATCH_SIZE, Math.min(MAX_BATCH_SIZE, fitting, this.size * 2));
    return Math.min(
      MAX_PAUSE_MS,
      Math.ceil(redisMs) + (latencyMs > BUSY_LATENCY_MS ? Math.round(latencyMs) : 0),
    );
  }
}
