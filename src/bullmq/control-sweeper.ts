import type { Logger } from 'pino';
import { PeriodicRunner } from '../coordination/periodic-runner.js';
import type { QueueControl } from './queue-control.js';

const SWEEP_INTERVAL_MS = 1000;

/** Lifts pauses and limits of queues whose end time has passed. Safe in several processes: each step is atomic Lua. */
export function controlSweeper(
  control: QueueControl,
  queues: readonly string[],
  log: Logger,
): PeriodicRunner {
  const sweep = async () => {
    for (const queue of queues) {
      const lifted = await control.sweep(queue);
      for (const what of lifted) log.info({ queue, what }, `queue ${queue}: ${what} is over`);
    }
  };
  // While Redis is unavailable nothing is lifted; a later sweep finds the same work.
  return new PeriodicRunner(sweep, {
    name: 'end of pauses and limits',
    everyMs: SWEEP_INTERVAL_MS,
    log,
    level: 'debug',
  });
}
