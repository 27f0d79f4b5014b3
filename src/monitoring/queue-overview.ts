import type { StateCounts } from '../model/states.js';

/** One queue as shown by REST and pages. */
export interface QueueOverview {
  name: string;
  counts: StateCounts;
  /** Time since the oldest waiting task became ready to run, ms; null while none waits. */
  oldestWaitingMs: number | null;
  paused: boolean;
  /** Online workers that serve the queue. */
  workers: number;
}
