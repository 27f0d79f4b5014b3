import type { Logger } from 'pino';

export interface PeriodicOptions {
  /** Name of the work in the log. */
  name: string;
  /** Time from the end of one run to the start of the next, ms: slow runs leave the same rest as quick ones. */
  everyMs: number | (() => number);
  log: Pick<Logger, 'debug' | 'warn'>;
  /** Log level of a failed run. `debug` where the failure is reported elsewhere, such as an outage of Redis. */
  level?: 'debug' | 'warn';
}

/**
 * Repeats some work. Runs never overlap, a failed run is logged and the next one still happens, and a runner never
 * keeps the process alive.
 */
export class PeriodicRunner {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isDueAgain = false;
  private abort: AbortController | undefined;

  /** @param act work of one run. Its signal is aborted by `stop`, so that a long run can end early. */
  constructor(
    private readonly act: (signal: AbortSignal) => unknown,
    private readonly options: PeriodicOptions,
  ) {}

  /** Starts with a run at once. Resolves when that run has ended, never rejects. */
  start(): Promise<void> {
    this.abort ??= new AbortController();
    return this.running ?? this.run(this.abort.signal);
  }

  /** Runs at once, or once more after the run in progress. Has no effect while stopped. */
  trigger(): void {
    if (!this.abort) return;
    if (this.running) this.isDueAgain = true;
    else void this.run(this.abort.signal);
  }

  /** Resolves when the run in progress has ended. No run begins afterwards, unless `start` is called. */
  async stop(): Promise<void> {
    this.abort?.abort();
    this.abort = undefined;
    this.isDueAgain = false;
    clearTimeout(this.timer);
    await this.running;
  }

  private run(signal: AbortSignal): Promise<void> {
    clearTimeout(this.timer);
    this.running = this.attempt(signal).finally(() => {
      this.running = undefined;
      if (!this.abort) return;
      const { everyMs } = this.options;
      const wait = this.isDueAgain ? 0 : typeof everyMs === 'number' ? everyMs : everyMs();
      this.isDueAgain = false;
      const { signal: next } = this.abort;
      this.timer = setTimeout(() => void this.run(next), wait).unref();
    });
    return this.running;
  }

  private async attempt(signal: AbortSignal): Promise<void> {
    try {
      await this.act(signal);
    } catch (error) {
      const { log, level = 'warn', name } = this.options;
      log[level]({ err: error }, `${name} failed; trying again`);
    }
  }
}
