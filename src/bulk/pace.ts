/** Tasks of one piece: from, to. */
const SMALLEST = 1;
const LARGEST = 100;
/** Begins carefully: how long Redis takes for a task (a long waiting list, large jobs) is not known yet. */
const FIRST = 5;

/** Redis's own time for the tasks of a piece, ms, during which nobody else is answered: grown below, halved above. */
const LOW_MS = 4;
const HIGH_MS = 8;
/** An answer to a small question that took longer than this shows that Redis or this process has a lot to do, ms. */
const SLOW_MS = 50;
const LONGEST_PAUSE_MS = 500;

/**
 * How many tasks to take at once and how long to leave Redis to others afterwards. At least half of its time is theirs,
 * and no piece keeps it for longer than others do not notice.
 */
export class Pace {
  private size = FIRST;

  /** Tasks of the next piece. */
  get next(): number {
    return this.size;
  }

  /**
   * After a piece: ms to wait before the next one.
   * @param redisMs Redis's own time for the tasks, @param askedMs how long a small question took just before.
   */
  pause(redisMs: number, askedMs: number): number {
    if (redisMs > HIGH_MS) this.size = Math.max(SMALLEST, Math.floor((this.size * LOW_MS) / redisMs));
    else if (redisMs < LOW_MS) this.size = Math.min(LARGEST, Math.ceil(this.size * 1.5));
    return Math.min(LONGEST_PAUSE_MS, Math.ceil(redisMs) + (askedMs > SLOW_MS ? Math.round(askedMs) : 0));
  }
}
