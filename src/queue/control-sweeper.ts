import type { Logger } from 'pino';
import type { QueueControl } from './queue-control.js';
import { Sweeper } from './sweeper.js';

/** Ends what was to last until a time: pauses and limits of queues. */
export function controlSweeper(control: QueueControl, queues: readonly string[], log: Logger): Sweeper {
  const look = async () => {
    for (const queue of queues) {
      const lifted = await control.sweep(queue);
      for (const what of lifted) log.info({ queue, what }, `queue ${queue}: ${what} is over`);
    }
  };
  return new Sweeper('control', look, log);
}
