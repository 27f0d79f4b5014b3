import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogLevel } from '../../task-api/task-handler.js';
import type { ReportEntry } from './messages.js';

/** Interval between reports after a burst of `MAX_BURST` reports, ms. The worker batches them again before it writes. */
const INTERVAL_MS = 30;
const MAX_BURST = 8;
/** Interval at which a handler that reports in a tight loop yields to receive an abort, ms. */
const YIELD_MS = 10;
const MAX_MESSAGE_LENGTH = 200;
const MAX_LINE_LENGTH = 4000;
/** Maximum number of log lines stored of a task. Older lines that still wait are not sent. */
const MAX_LOG_LINES = 1000;
/** Maximum size of one report in characters, so that a flood does not block the worker's other tasks. */
const MAX_REPORT_LENGTH = 128 * 1024;

/** Returns false when the channel is full. */
export type SendReport = (entries: ReportEntry[]) => boolean;

/**
 * Sends the progress and log lines of a handler to the worker. A report is sent at once if the channel is
 * idle, even from a handler that never yields to the event loop. Under load only the latest progress and
 * every log line are sent.
 */
export class ChildReporter {
  private entries: ReportEntry[] = [];
  private timer: NodeJS.Timeout | undefined;
  private credit = MAX_BURST;
  private creditAt = performance.now();
  private lastYieldAt = performance.now();
  private full = false;
  private closed = false;

  constructor(
    private readonly send: SendReport,
    private readonly signal: AbortSignal,
  ) {}

  async progress(done: number, total: number, message?: string): Promise<void> {
    if (!(Number.isFinite(done) && Number.isFinite(total) && done >= 0 && total >= 0)) {
      throw new RangeError(`progress(done, total) takes numbers from 0 up, not (${done}, ${total})`);
    }
    this.signal.throwIfAborted();
    if (this.closed) return;
    const last = this.entries.findLastIndex((entry) => 'progress' in entry);
    if (last >= 0) this.entries.splice(last, 1);
    this.add({
      progress: [done, total, ...(message ? [String(message).slice(0, MAX_MESSAGE_LENGTH)] : [])] as [
        number,
        number,
      ],
    });
    if (performance.now() - this.lastYieldAt > YIELD_MS) {
      await nextTurn();
      this.lastYieldAt = performance.now();
    }
  }

  log(text: string, level: LogLevel = 'info'): void {
    if (this.closed) return;
    const line = String(text);
    this.add({ log: [line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line, level] });
    if (this.entries.length > 2 * MAX_LOG_LINES) this.entries = this.entries.slice(-MAX_LOG_LINES);
  }

  /** Sends the rest, so that it arrives before the end of the task. Later reports are ignored. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    while (this.entries.length > 0) this.send(this.next());
  }

  private add(entry: ReportEntry): void {
    this.entries.push(entry);
    const now = performance.now();
    this.credit = Math.min(MAX_BURST, this.credit + (now - this.creditAt) / INTERVAL_MS);
    this.creditAt = now;
    if (this.credit >= 1 && !this.full && !this.timer) this.report();
    else this.schedule();
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.report();
    }, INTERVAL_MS);
  }

  private report(): void {
    this.credit--;
    this.full = !this.send(this.next());
    if (this.entries.length > 0) this.schedule();
  }

  private next(): ReportEntry[] {
    let size = 0;
    let count = 0;
    while (count < this.entries.length && size < MAX_REPORT_LENGTH) {
      const entry = this.entries[count++]!;
      size += 'log' in entry ? entry.log[0].length : MAX_MESSAGE_LENGTH;
    }
    return this.entries.splice(0, count);
  }
}
