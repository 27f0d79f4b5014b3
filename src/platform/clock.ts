import { Injectable } from '@nestjs/common';

/** Clock difference from which the log and the pages warn, ms. */
export const SKEW_ALARM_MS = 2_000;

/**
 * Time shared by all processes of one Redis, one instance per app. Use it for every stored time that other processes
 * compare, in particular due times. Equals this machine's time unless its clock is known to differ from Redis's.
 */
@Injectable()
export class SharedClock {
  /** Offset added to this machine's clock, ms. */
  private correctionMs = 0;

  now(): number {
    return this.toShared(Date.now());
  }

  /** Converts a time of this machine's clock to shared time. */
  toShared(ownMs: number): number {
    return ownMs + this.correctionMs;
  }

  /** Converts a shared time to this machine's clock, for timers. */
  toOwn(sharedMs: number): number {
    return sharedMs - this.correctionMs;
  }

  correct(ms: number): void {
    this.correctionMs = ms;
  }
}
