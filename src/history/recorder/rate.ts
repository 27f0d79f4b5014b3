/** Rates are of so many seconds. */
const SECONDS = 10;

/** How many a second, lately. */
export class Rate {
  private readonly counts = new Map<number, number>();

  count(n: number, now: number): void {
    const second = Math.floor(now / 1000);
    this.counts.set(second, (this.counts.get(second) ?? 0) + n);
    for (const old of this.counts.keys()) if (old <= second - SECONDS) this.counts.delete(old);
  }

  perSecond(now: number): number {
    const second = Math.floor(now / 1000);
    let sum = 0;
    for (const [at, n] of this.counts) if (at > second - SECONDS) sum += n;
    return Math.round((sum / SECONDS) * 10) / 10;
  }
}
