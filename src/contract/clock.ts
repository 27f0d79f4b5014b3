/** From here on a clock is wrong: warned of, in the log and on the pages. */
export const SKEW_ALARM_MS = 2_000;

/** What is added to this machine's clock, ms. */
let correctionMs = 0;

/**
 * The time that all processes of one Redis share, ms: for whatever is written down for others to compare, above all
 * when something is due. It is this machine's own time, unless its clock is known to be wrong against Redis's.
 */
export function sharedNow(): number {
  return toSharedTime(Date.now());
}

/** What this machine's clock showed then, as a time that all share. */
export function toSharedTime(ownMs: number): number {
  return ownMs + correctionMs;
}

/** By this machine's own clock: for timers. */
export function toOwnTime(sharedMs: number): number {
  return sharedMs - correctionMs;
}

/** Of the process as a whole, as the clock is the machine's. */
export function correctClock(ms: number): void {
  correctionMs = ms;
}
