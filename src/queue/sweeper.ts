import type { Logger } from 'pino';

const INTERVAL_MS = 1000;

/** What is looked after once a second, in any number of processes at once: each look is one script of Redis. */
export class Sweeper {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly what: string,
    private readonly look: (isStopped: () => boolean) => Promise<void>,
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
      await this.look(() => this.stopped);
    } catch (error) {
      // Redis is away; the next look finds the same.
      this.log.debug({ err: error }, `${this.what}: no sweep`);
    }
  }
}
