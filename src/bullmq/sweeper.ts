import type { Logger } from 'pino';

const SWEEP_INTERVAL_MS = 1000;

/** Repeats a task once a second. Safe in several processes at once, because each sweep is atomic Lua. */
export class Sweeper {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly name: string,
    private readonly sweepOnce: (isStopped: () => boolean) => Promise<void>,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.running = this.sweep().finally(() => {
      if (this.stopped) return;
      this.timer = setTimeout(() => this.start(), SWEEP_INTERVAL_MS);
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
      await this.sweepOnce(() => this.stopped);
    } catch (error) {
      // Redis is unavailable; the next sweep finds the same work.
      this.log.debug({ err: error }, `${this.name}: no sweep`);
    }
  }
}
