import type { ChildWriter } from './child-writer.js';
import { isSettledCode, stateCode } from './codes.js';
import type { Settling } from './rows.js';
import type { TaskColumns } from './schema.js';
import type { MergedTask } from './task-merge.js';

/** The clocks of a worker and of Redis may differ so much, ms. */
const SKEW_MS = 5000;
/** Tasks remembered at most. */
const MAX_REOPENED = 10_000;

type End = Pick<TaskColumns, 'state' | 'finished'>;

/**
 * Ends of tasks that the job itself told, as it was found in one of the queue's sets, before its event came: they are
 * counted then, and the event counts nothing. The mark of it is the transition told without an event; it stays until
 * the event comes.
 */
export class SettledAhead {
  /** Tasks that were put back before the event of their end came. */
  private readonly reopened = new Map<number, End>();

  constructor(private readonly children: Pick<ChildWriter, 'dropUnplaced'>) {}

  /** Those of its ends that are still to be counted. */
  uncounted(task: MergedTask, settled: readonly Settling[]): readonly Settling[] {
    const { before, now, putBackAt = -Infinity } = task;
    if (!before) return settled;
    const isSettled = isSettledCode(before.state);
    const end = isSettled ? before : this.reopened.get(before.no);
    if (!end || end.finished === null) return settled;
    const { state, finished } = end;
    const own = settled.findLast(
      (one) =>
        stateCode(one.state) === state &&
        Math.abs(one.at - finished) <= SKEW_MS &&
        // It was put back from that end.
        (one.after === undefined || one.after <= finished),
    );
    // What is told here may be an earlier end, and its own comes later.
    if (!own) {
      if (isSettled && !isSettledCode(now.state) && putBackAt < finished) this.remember(before.no, end);
      return settled;
    }
    this.reopened.delete(before.no);
    return this.children.dropUnplaced(before.no, state, finished)
      ? settled.filter((one) => one !== own)
      : settled;
  }

  private remember(task: number, { state, finished }: End): void {
    if (this.reopened.size >= MAX_REOPENED) this.reopened.clear();
    this.reopened.set(task, { state, finished });
  }
}
