/** What is sent to people is gathered this long, ms, while there is much of it. */
const TICK_MS = 50;

/** What cannot wait for the tick's end may take one part in so many of the time. */
const SHARE = 10;

/** Does something at once after a rest, and at most once a tick while it is asked for again and again. */
export class Tick {
  private lastAt = -Infinity;
  private lastTookMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private turn: NodeJS.Immediate | undefined;

  constructor(private readonly act: () => void) {}

  /** In this turn of the event loop, so that what comes together goes together; or when the tick is over. */
  soon(): void {
    if (this.timer || this.turn) return;
    const wait = this.lastAt + TICK_MS - performance.now();
    if (wait > 0) this.timer = setTimeout(() => this.now(), wait);
    else this.turn = setImmediate(() => this.now());
  }

  /** For news that somebody waits for: as soon as the last time was cheap enough for that, at the latest when the tick is over. */
  early(): void {
    if (this.turn) return;
    const wait = this.lastAt + Math.min(TICK_MS, SHARE * this.lastTookMs) - performance.now();
    clearTimeout(this.timer);
    this.timer = undefined;
    if (wait > 0) this.timer = setTimeout(() => this.now(), wait);
    else this.turn = setImmediate(() => this.now());
  }

  /** Without waiting for anything. */
  now(): void {
    this.stop();
    this.lastAt = performance.now();
    this.act();
    this.lastTookMs = performance.now() - this.lastAt;
  }

  stop(): void {
    clearTimeout(this.timer);
    clearImmediate(this.turn);
    this.timer = this.turn = undefined;
  }
}
