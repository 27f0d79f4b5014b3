/** Shortest interval between two ordinary flushes, ms. */
const TICK_MS = 50;

/** Urgent flushes may use at most 1/10 of the time in the long run. */
const MAX_URGENT_SHARE = 10;
/** Time that they may use at once, ms. A single flush that was interrupted delays none after it. */
const MAX_URGENT_BURST_MS = 5;
/** Shortest delay of a timer, ms. A shorter wait ends at once: it would take longer than the flush that it spares. */
const MIN_TIMER_MS = 1;

/** Coalesces flushes: runs one immediately after an idle time, and at most one per tick under load. */
export class FlushTimer {
  private lastAt = -Infinity;
  /** Time used by flushes, less what urgent ones were allowed since, ms. */
  private spentMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;

  constructor(private readonly act: () => void) {}

  /** Schedules a flush in this event-loop turn, which coalesces simultaneous changes, or at the end of the tick. */
  schedule(): void {
    if (this.timer || this.immediate) return;
    const wait = this.lastAt + TICK_MS - performance.now();
    if (wait > 0) this.timer = setTimeout(() => this.flush(), wait);
    else this.immediate = setImmediate(() => this.flush());
  }

  /** Schedules a flush for a change that a client waits for: as early as the cost of earlier flushes allows, at most one tick later. */
  scheduleUrgent(): void {
    if (this.immediate) return;
    const now = performance.now();
    const overspentMs = this.spentAt(now) - MAX_URGENT_BURST_MS;
    const wait = Math.min(MAX_URGENT_SHARE * overspentMs, this.lastAt + TICK_MS - now);
    clearTimeout(this.timer);
    this.timer = undefined;
    if (wait >= MIN_TIMER_MS) this.timer = setTimeout(() => this.flush(), wait);
    else this.immediate = setImmediate(() => this.flush());
  }

  /** Flushes immediately. */
  flush(): void {
    this.stop();
    const now = performance.now();
    this.spentMs = this.spentAt(now);
    this.lastAt = now;
    this.act();
    this.spentMs += performance.now() - now;
  }

  private spentAt(now: number): number {
    return Math.max(0, this.spentMs - (now - this.lastAt) / MAX_URGENT_SHARE);
  }

  stop(): void {
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
    this.timer = this.immediate = undefined;
  }
}
