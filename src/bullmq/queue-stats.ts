import { TASK_STATES, type StateCounts } from '../model/states.js';
import type { CommandRedis } from './task-commands.js';

export interface QueueStats {
  counts: StateCounts;
  /** ms; null while no job waits. */
  oldestWaitingSince: number | null;
  paused: boolean;
}

/** Reads the counts of any BullMQ queue on this Redis. @param base `prefix:queue:` */
export async function readQueueStats(
  redis: Pick<CommandRedis, 'roostQueueStats'>,
  base: string,
): Promise<QueueStats> {
  const numbers = (await redis.roostQueueStats(base)).map(Number);
  // One count per state in the order of TASK_STATES, then the other values.
  const [since, paused] = numbers.splice(TASK_STATES.length);
  return {
    counts: Object.fromEntries(TASK_STATES.map((state, i) => [state, numbers[i]!])) as StateCounts,
    oldestWaitingSince: since || null,
    paused: paused === 1,
  };
}
