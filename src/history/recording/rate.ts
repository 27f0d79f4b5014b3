/** Averaging window in seconds. */
const WINDOW_SECONDS = 10;

/** Recent rate per second. */
export class Rate {
  private readonly counts = new Map<number, number>();

  count(n: number, now: number): void {
    const second = Math.floor(now / 1000);
    this.counts.set(second, (this.counts.get(second) ?? 0) + n);
    for (const old of this.counts.keys()) if (old <= second - WINDOW_SECONDS) this.counts.delete(old);
  }

  perSecond(now: number): number {
    const second = Math.floor(now / 1000);
    let sum = 0;
    for (const [at, n] of this.counts) if (at > second - WINDOW_SECONDS) sum += n;
    return Math.round((sum / WINDOW_SECONDS) * 10) / 10;
  }
}
