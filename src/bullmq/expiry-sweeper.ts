import type { Logger } from 'pino';
import { Sweeper } from './sweeper.js';
import { EXPIRY_BATCH_SIZE, type TaskTransitions } from './task-transitions.js';

/** Moves waiting tasks to `expired` once their expiry has passed. */
export function expirySweeper(mover: TaskTransitions, bases: readonly string[], log: Logger): Sweeper {
  const sweepOnce = async (isStopped: () => boolean) => {
    for (const base of bases) while (!isStopped() && (await mover.expireDue(base)) === EXPIRY_BATCH_SIZE);
  };
  return new Sweeper('expiry', sweepOnce, log);
}
