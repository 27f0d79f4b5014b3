import type { EngineCalls } from './store-calls.js';

/** A thread that is busy with one call for longer than this receives no further calls, ms. */
const BUSY_MS = 40;
/** An extra thread ends after this idle time, ms: each costs about 25 MB. */
const IDLE_MS = 60_000;

/** Threads that read: usually one, more while a search blocks it. */
export class ReaderPool {
  private readonly first: EngineCalls;
  private extras: { calls: EngineCalls; usedAt: number }[] = [];
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly start: () => EngineCalls,
    private readonly max: number,
  ) {
    this.first = start();
  }

  /** Selects the thread for the next call. */
  reader(): EngineCalls {
    if (this.isClosed || this.first.busyMs < BUSY_MS) return this.first;
    const free = this.extras.find(({ calls }) => calls.busyMs < BUSY_MS) ?? this.begin();
    if (free) {
      free.usedAt = performance.now();
      return free.calls;
    }
    const all = [this.first, ...this.extras.map(({ calls }) => calls)];
    return all.reduce((a, b) => (b.pending < a.pending ? b : a));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    await Promise.all([this.first, ...this.extras.map(({ calls }) => calls)].map((calls) => calls.close()));
  }

  private begin(): { calls: EngineCalls; usedAt: number } | undefined {
    if (this.extras.length >= this.max - 1) return undefined;
    const extra = { calls: this.start(), usedAt: 0 };
    this.extras.push(extra);
    this.timer ??= setInterval(() => this.endIdle(), IDLE_MS / 2).unref();
    return extra;
  }

  private endIdle(): void {
    const before = performance.now() - IDLE_MS;
    const idle = this.extras.filter(({ calls, usedAt }) => calls.pending === 0 && usedAt < before);
    this.extras = this.extras.filter((extra) => !idle.includes(extra));
    for (const { calls } of idle) void calls.close();
  }
}
