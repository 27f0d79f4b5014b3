import type { LogLevel } from '../contract/task-view.js';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A first report waits this long, ms: a task that ends within it needs one write instead of two. */
const FIRST_MS = 10;
/** Between writes, ms. */
const INTERVAL_MS = 100;
/** A handler that reports in a tight loop lets others have their turn this often, ms. */
const YIELD_MS = 10;
const MAX_MESSAGE = 200;
const MAX_LINE = 4000;
/** Lines of one write; a handler that logs faster is held back by `flush`. */
const MAX_LINES = 500;
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Writes progress (JSON, or '' for none) and log lines (JSON each). */
export type WriteReport = (progress: string, lines: string[]) => Promise<void>;

/**
 * What a handler says, gathered and written at most ten times a second. Of several progress values only the
 * last one matters to anybody; every log line does.
 */
export class TaskReporter {
  private pending = '';
  private lines: string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;
  private lastWriteAt = 0;
  private lastYieldAt = performance.now();
  private closed = false;

  constructor(
    private readonly write: WriteReport,
    private readonly attempt: number,
    private readonly run: { throwIfAborted(): void },
  ) {}

  async progress(done: number, total: number, message?: string): Promise<void> {
    if (!(Number.isFinite(done) && Number.isFinite(total) && done >= 0 && total >= 0)) {
      throw new RangeError(`progress(done, total) takes numbers from 0 up, not (${done}, ${total})`);
    }
    this.run.throwIfAborted();
    if (this.closed) return;
    this.pending = JSON.stringify({
      done,
      total,
      ...(message ? { message: String(message).slice(0, MAX_MESSAGE) } : {}),
    });
    this.schedule();
    if (performance.now() - this.lastYieldAt > YIELD_MS) {
      await nextTurn();
      this.lastYieldAt = performance.now();
    }
  }

  log(text: string, level: LogLevel = 'info'): void {
    if (this.closed) return;
    const line = String(text);
    this.lines.push(
      JSON.stringify({
        at: new Date().toISOString(),
        level: LEVELS.includes(level) ? level : 'info',
        attempt: this.attempt,
        text: line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line,
      }),
    );
    this.schedule();
  }

  /** Writes what is left, so that the last word comes before the task's end. Nothing is taken after it. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.writing;
    while (this.pending !== '' || this.lines.length > 0) await this.writeOnce();
  }

  private schedule(): void {
    if (this.timer || this.writing || this.closed) return;
    const wait = Math.max(FIRST_MS, this.lastWriteAt + INTERVAL_MS - performance.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.writing = this.writeOnce().finally(() => {
        this.writing = undefined;
        if (this.pending !== '' || this.lines.length > 0) this.schedule();
      });
    }, wait);
  }

  private async writeOnce(): Promise<void> {
    const progress = this.pending;
    const lines = this.lines.splice(0, MAX_LINES);
    this.pending = '';
    this.lastWriteAt = performance.now();
    try {
      await this.write(progress, lines);
    } catch {
      // Redis is away: the task goes on, and its next words are written when it is back.
    }
  }
}
