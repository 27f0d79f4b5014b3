import type { Logger } from 'pino';
import { PeriodicRunner } from '../coordination/periodic-runner.js';
import { EXPIRY_BATCH_SIZE, type TaskTransitions } from './task-transitions.js';

const SWEEP_INTERVAL_MS = 1000;

/** Moves waiting tasks to `expired` once their expiry has passed. Safe in several processes: each step is atomic Lua. */
export function expirySweeper(mover: TaskTransitions, bases: readonly string[], log: Logger): PeriodicRunner {
  const sweep = async (signal: AbortSignal) => {
    for (const base of bases) while (!signal.aborted && (await mover.expireDue(base)) === EXPIRY_BATCH_SIZE);
  };
  // While Redis is unavailable nothing expires; a later sweep finds the same work.
  return new PeriodicRunner(sweep, {
    name: 'expiry of tasks',
    everyMs: SWEEP_INTERVAL_MS,
    log,
    level: 'debug',
  });
}
