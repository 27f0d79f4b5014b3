/** Clock difference from which the log and the pages warn, ms. */
export const SKEW_ALARM_MS = 2_000;

/** Offset added to this machine's clock, ms. */
let correctionMs = 0;

/**
 * Returns the time shared by all processes of one Redis, ms. Use it for every stored time that other processes
 * compare, in particular due times. Equals this machine's time unless its clock is known to differ from Redis's.
 */
export function sharedNow(): number {
  return toSharedTime(Date.now());
}

/** Converts a time of this machine's clock to shared time. */
export function toSharedTime(ownMs: number): number {
  return ownMs + correctionMs;
}

/** Converts a shared time to this machine's clock, for timers. */
export function toOwnTime(sharedMs: number): number {
  return sharedMs - correctionMs;
}

/** Sets the offset of the process, since all its code uses the machine's clock. */
export function correctClock(ms: number): void {
  correctionMs = ms;
}
