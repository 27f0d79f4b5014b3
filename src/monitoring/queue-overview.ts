import type { StateCounts } from '../contract/states.js';

/** One queue as REST and pages show it. */
export interface QueueOverview {
  name: string;
  counts: StateCounts;
  /** ms the oldest waiting task has been ready to run; null while none waits. */
  oldestWaitingMs: number | null;
  paused: boolean;
  /** Workers online that serve it. */
  workers: number;
}
