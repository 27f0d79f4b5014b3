import type { Logger } from 'pino';
import { Sweeper } from './sweeper.js';
import { EXPIRED_AT_ONCE, type TaskMover } from './task-mover.js';

/** Settles waiting tasks as `expired` once their time has passed. */
export function expirySweeper(mover: TaskMover, bases: readonly string[], log: Logger): Sweeper {
  const look = async (isStopped: () => boolean) => {
    for (const base of bases) while (!isStopped() && (await mover.expireDue(base)) === EXPIRED_AT_ONCE);
  };
  return new Sweeper('expiry', look, log);
}
