import type { Logger } from 'pino';
import type { QueueControl } from './queue-control.js';

const INTERVAL_MS = 1000;

/** Ends what was to last until a time: pauses and limits of queues. Any number may run on one Redis: each look is one script. */
export class ControlSweeper {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly control: QueueControl,
    private readonly queues: readonly string[],
    private readonly log: Logger,
  ) {}

  start(): void {
    this.running = this.sweep().finally(() => {
      if (this.stopped) return;
      this.timer = setTimeout(() => this.start(), INTERVAL_MS);
      this.timer.unref();
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async sweep(): Promise<void> {
    try {
      for (const queue of this.queues) {
        const lifted = await this.control.sweep(queue);
        for (const what of lifted) this.log.info({ queue, what }, `queue ${queue}: ${what} is over`);
      }
    } catch (error) {
      // Redis is away; the next sweep finds the same.
      this.log.debug({ err: error }, 'control sweep failed');
    }
  }
}
