import type { Logger } from 'pino';
import type { QueueControl } from './queue-control.js';
import { Sweeper } from './sweeper.js';

/** Lifts pauses and limits of queues whose end time has passed. */
export function controlSweeper(control: QueueControl, queues: readonly string[], log: Logger): Sweeper {
  const sweepOnce = async () => {
    for (const queue of queues) {
      const lifted = await control.sweep(queue);
      for (const what of lifted) log.info({ queue, what }, `queue ${queue}: ${what} is over`);
    }
  };
  return new Sweeper('control', sweepOnce, log);
}
