import type { Logger } from 'pino';
import type { TaskMover } from './task-mover.js';

const INTERVAL_MS = 1000;

/** Settles waiting tasks as `expired` once their time has passed. Any number may run on one Redis: each settling is one script. */
export class ExpirySweeper {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly mover: TaskMover,
    private readonly bases: readonly string[],
    private readonly log: Logger,
  ) {}

  start(): void {
    this.timer = setTimeout(() => {
      this.running = this.sweep().finally(() => {
        if (!this.stopped) this.start();
      });
    }, INTERVAL_MS);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async sweep(): Promise<void> {
    try {
      for (const base of this.bases) while (!this.stopped && (await this.mover.expireDue(base)) === 100);
    } catch (error) {
      // Redis is away; the next sweep finds the same tasks.
      this.log.debug({ err: error }, 'expiry sweep failed');
    }
  }
}
