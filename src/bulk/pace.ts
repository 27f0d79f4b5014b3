/** Tasks of one piece: from, to. */
const SMALLEST = 1;
const LARGEST = 100;
/** Begins carefully: how long Redis takes for a task (a long waiting list, large jobs) is not known yet. */
const FIRST = 5;

/** Redis's own time that a piece is to take, ms: nobody else is answered meanwhile. */
const GOAL_MS = 5;
/** The time of one task is the median of so many pieces: now and then one takes long without a fault of its own. */
const REMEMBERED = 7;
/** An answer to a small question that took longer than this shows that Redis or this process has a lot to do, ms. */
const SLOW_MS = 50;
const LONGEST_PAUSE_MS = 500;

/**
 * How many tasks to take at once and how long to leave Redis to others afterwards. At least half of its time is theirs,
 * and no piece keeps it for longer than others do not notice.
 */
export class Pace {
  private size = FIRST;
  private readonly perTask: number[] = [];

  /** Tasks of the next piece. */
  get next(): number {
    return this.size;
  }

  /**
   * After a piece of `count` tasks: ms to wait before the next one.
   * @param redisMs Redis's own time for the tasks, @param askedMs how long a small question took just before.
   */
  pause(count: number, redisMs: number, askedMs: number): number {
    this.perTask.push(redisMs / Math.max(1, count));
    if (this.perTask.length > REMEMBERED) this.perTask.shift();
    const usual = [...this.perTask].sort((a, b) => a - b)[this.perTask.length >> 1]!;
    const fitting = usual > 0 ? Math.floor(GOAL_MS / usual) : LARGEST;
    this.size = Math.max(SMALLEST, Math.min(LARGEST, fitting, this.size * 2));
    return Math.min(LONGEST_PAUSE_MS, Math.ceil(redisMs) + (askedMs > SLOW_MS ? Math.round(askedMs) : 0));
  }
}
