import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogLevel } from '../../contract/task-view.js';
import type { ReportEntry } from './messages.js';

/** Between two reports, ms, once `BURST` of them went out at once. The worker gathers them again before it writes. */
const INTERVAL_MS = 30;
const BURST = 8;
/** A handler that reports in a tight loop hears of an abort this often, ms. */
const YIELD_MS = 10;
const MAX_MESSAGE = 200;
const MAX_LINE = 4000;
/** No more lines of a task are kept, so older ones that still wait need not be sent. */
const KEPT_LINES = 1000;
/** Characters of one report: a flood must not keep the worker from its other tasks. */
const MAX_REPORT = 128 * 1024;

/** Returns false when the channel is full. */
export type SendReport = (entries: ReportEntry[]) => boolean;

/**
 * What a handler says, on its way to the worker. It is sent at once where the line is idle, even by a handler that
 * never lets go of the event loop; of what comes faster the progress is gathered and every line kept.
 */
export class ChildReporter {
  private entries: ReportEntry[] = [];
  private timer: NodeJS.Timeout | undefined;
  private credit = BURST;
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
    this.say({
      progress: [done, total, ...(message ? [String(message).slice(0, MAX_MESSAGE)] : [])] as [
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
    this.say({ log: [line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line, level] });
    if (this.entries.length > 2 * KEPT_LINES) this.entries = this.entries.slice(-KEPT_LINES);
  }

  /** Sends what is left, so that the last word comes before the task's end. Nothing is taken after it. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    while (this.entries.length > 0) this.send(this.next());
  }

  private say(entry: ReportEntry): void {
    this.entries.push(entry);
    const now = performance.now();
    this.credit = Math.min(BURST, this.credit + (now - this.creditAt) / INTERVAL_MS);
    this.creditAt = now;
    if (this.credit >= 1 && !this.full && !this.timer) this.report();
    else this.later();
  }

  private later(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.report();
    }, INTERVAL_MS);
  }

  private report(): void {
    this.credit--;
    this.full = !this.send(this.next());
    if (this.entries.length > 0) this.later();
  }

  private next(): ReportEntry[] {
    let size = 0;
    let count = 0;
    while (count < this.entries.length && size < MAX_REPORT) {
      const entry = this.entries[count++]!;
      size += 'log' in entry ? entry.log[0].length : MAX_MESSAGE;
    }
    return this.entries.splice(0, count);
  }
}
