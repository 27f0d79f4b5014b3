import type { LogLevel } from '../task-api/task-handler.js';
import { withoutTerminalCodes } from '../model/terminal-codes.js';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Delay of the first report, ms: a task that ends within it needs one write instead of two. */
const FIRST_DELAY_MS = 10;
/** Interval between writes, ms. */
const INTERVAL_MS = 100;
/** Interval at which a handler that reports in a tight loop yields to the event loop, ms. */
const YIELD_MS = 10;
const MAX_MESSAGE_LENGTH = 200;
const MAX_LINE_LENGTH = 4000;
/** Maximum number of lines in one write. `close` writes the rest. */
const MAX_BATCH_LINES = 500;
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Answer to an accepted report: one promise for all of them. */
const ACCEPTED = Promise.resolve();

/** Writes progress (JSON, or '' for none) and log lines (JSON each). */
export type WriteReport = (progress: string, lines: string[]) => Promise<void>;

/**
 * Batches the reports of a handler and writes them at most ten times a second. Only the last progress value
 * is written; every log line is.
 */
export class TaskReporter {
  /** Latest progress that has not been written: only this one is made JSON. */
  private latest: { done: number; total: number; message?: string } | undefined;
  private lines: string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;
  private lastWriteAt = 0;
  private lastYieldAt = performance.now();
  private closed = false;

  constructor(
    private readonly write: WriteReport,
    private readonly attempt: number,
    private readonly run: { readonly reason: Error | undefined },
  ) {}

  progress(done: number, total: number, message?: string): Promise<void> {
    if (!(Number.isFinite(done) && Number.isFinite(total) && done >= 0 && total >= 0)) {
      const problem = `progress(done, total) takes numbers from 0 up, not (${done}, ${total})`;
      return Promise.reject(new RangeError(problem));
    }
    const { reason } = this.run;
    if (reason) return Promise.reject(reason);
    if (this.closed) return ACCEPTED;
    this.latest = message ? { done, total, message: toMessage(message) } : { done, total };
    this.schedule();
    return performance.now() - this.lastYieldAt > YIELD_MS ? this.yield() : ACCEPTED;
  }

  private async yield(): Promise<void> {
    await nextTurn();
    this.lastYieldAt = performance.now();
  }

  log(text: string, level: LogLevel = 'info'): void {
    if (this.closed) return;
    const line = withoutTerminalCodes(String(text));
    this.lines.push(
      JSON.stringify({
        at: new Date().toISOString(),
        level: LEVELS.includes(level) ? level : 'info',
        attempt: this.attempt,
        text: line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line,
      }),
    );
    this.schedule();
  }

  /**
   * Removes and returns the last progress if nothing else is to be written: it can be stored with the completion.
   */
  removeLast(): string | undefined {
    if (!this.latest || this.writing || this.lines.length > 0) return undefined;
    const progress = JSON.stringify(this.latest);
    this.latest = undefined;
    return progress;
  }

  /** Writes the rest, if there is any, so that it is stored before the task ends. Later reports are ignored. */
  close(): Promise<void> | undefined {
    this.closed = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    return this.writing || this.hasReports ? this.writeRest() : undefined;
  }

  private async writeRest(): Promise<void> {
    await this.writing;
    while (this.hasReports) await this.writeOnce();
  }

  private get hasReports(): boolean {
    return this.latest !== undefined || this.lines.length > 0;
  }

  private schedule(): void {
    if (this.timer || this.writing || this.closed) return;
    const wait = Math.max(FIRST_DELAY_MS, this.lastWriteAt + INTERVAL_MS - performance.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.writing = this.writeOnce().finally(() => {
        this.writing = undefined;
        if (this.hasReports) this.schedule();
      });
    }, wait);
  }

  private async writeOnce(): Promise<void> {
    const progress = this.latest ? JSON.stringify(this.latest) : '';
    const lines = this.lines.splice(0, MAX_BATCH_LINES);
    this.latest = undefined;
    this.lastWriteAt = performance.now();
    try {
      await this.write(progress, lines);
    } catch {
      // Redis is unavailable: the task continues, and later reports are written once Redis is back.
    }
  }
}

function toMessage(message: string): string {
  return withoutTerminalCodes(String(message)).slice(0, MAX_MESSAGE_LENGTH);
}
