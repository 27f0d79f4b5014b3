import { isSettledCode, stateCode } from './codes.js';
import type { Settling } from '../../ports/rows.js';
import type { StoredTask } from './stored-task.js';
import type { MergedTask } from './task-merge.js';

/** Tolerated difference between the clocks of a worker and of Redis, ms. */
const SKEW_MS = 5000;
/** Maximum remembered tasks. */
const MAX_REOPENED = 10_000;

export interface EarlyFinish {
  finish: Settling;
  /** Code of its state, and earliest time of the transition, ms. */
  state: number;
  since: number;
}

type End = Pick<StoredTask, 'state' | 'finished'>;

/**
 * Tracks finishes that were found in the job itself, in one of the queue's sets, before their event arrived. They are
 * counted at once, and the later event counts nothing. A transition without an event marks such a finish until the
 * event arrives.
 */
export class EarlyFinishes {
  /** Tasks that were retried before the event of their finish arrived. */
  private readonly reopened = new Map<number, End>();

  /**
   * Finds the finish that is already recorded as the task's end. It was counted early if its transition has no event
   * yet; the caller removes that transition and counts the others only.
   */
  find(task: MergedTask, settled: readonly Settling[]): EarlyFinish | undefined {
    const { before, now, putBackAt = -Infinity } = task;
    if (!before) return undefined;
    const isFinished = isSettledCode(before.state);
    const end = isFinished ? before : this.reopened.get(before.no);
    if (!end || end.finished === null) return undefined;
    const { state, finished } = end;
    const own = settled.findLast(
      (one) =>
        stateCode(one.state) === state &&
        Math.abs(one.at - finished) <= SKEW_MS &&
        // The retry followed that finish.
        (one.after === undefined || one.after <= finished),
    );
    // These events may describe an earlier finish; the event of the recorded one arrives later.
    if (!own) {
      if (isFinished && !isSettledCode(now.state) && putBackAt < finished) this.remember(before.no, end);
      return undefined;
    }
    this.reopened.delete(before.no);
    return { finish: own, state, since: finished };
  }

  private remember(task: number, { state, finished }: End): void {
    if (this.reopened.size >= MAX_REOPENED) this.reopened.clear();
    this.reopened.set(task, { state, finished });
  }
}
