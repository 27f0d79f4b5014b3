/*
 * A length of time drawn as a row of parts, to scale as far as that can be read: no part narrower than `FLOOR`, and one
 * that would leave the others no room is cut short, with a mark that says so.
 */

/** Percent of the width, for a row of few parts. */
const FLOOR = 3;
/** Percent that all floors together may take. */
const FLOORS = 40;
/** A part this many times as long as all others together is broken. */
const BREAK_RATIO = 20;
/** Percent for each part beside a broken one, and for all of them together at most. */
const BESIDE = 14;
const ALL_BESIDE = 60;
/** A broken part is wider than any that is not, so many times at least: it was longer, after all. */
const WIDER = 1.2;

export interface Part {
  /** Percent of the whole; they add up to 100. */
  width: number;
  /** Drawn shorter than it was. */
  isBroken: boolean;
}

export function toParts(durations: readonly number[]): Part[] {
  const broken = breaks(durations);
  const whole = durations.map((ms, i) => (broken.has(i) ? 0 : ms));
  const room = roomBeside(whole, broken.size);
  const widths = fit(whole, broken, room);
  return durations.map((_, i) => ({
    width: broken.has(i) ? (100 - room) / broken.size : widths[i]!,
    isBroken: broken.has(i),
  }));
}

/** Percent that the parts take which are not broken. */
function roomBeside(whole: readonly number[], broken: number): number {
  if (broken === 0) return 100;
  const sum = whole.reduce((total, one) => total + one, 0);
  const widest = sum === 0 ? 1 : Math.max(...whole) / sum;
  return Math.min(BESIDE * (whole.length - broken), ALL_BESIDE, 100 / (1 + broken * widest * WIDER));
}

/** From the longest on, while one dwarfs all that are left; one part of more than no length always stays whole. */
function breaks(durations: readonly number[]): Set<number> {
  const order = durations.map((_, i) => i).sort((a, b) => durations[b]! - durations[a]!);
  const broken = new Set<number>();
  let rest = durations.reduce((sum, one) => sum + one, 0);
  for (const i of order) {
    rest -= durations[i]!;
    if (rest <= 0 || durations[i]! <= BREAK_RATIO * rest) break;
    broken.add(i);
  }
  return broken;
}

/** Shares of `room` by length, with a floor under each, taken from the wide ones. */
function fit(lengths: readonly number[], broken: ReadonlySet<number>, room: number): number[] {
  const count = lengths.length - broken.size;
  const floor = Math.min(FLOOR, FLOORS / Math.max(1, count));
  const sum = lengths.reduce((total, one) => total + one, 0);
  const raised = lengths.map((one, i) => {
    if (broken.has(i)) return 0;
    return Math.max(floor, sum === 0 ? room / count : (one / sum) * room);
  });
  const over = raised.reduce((total, one) => total + one, 0) - room;
  const above = raised.reduce((total, one) => total + Math.max(0, one - floor), 0);
  return above <= 0 ? raised : raised.map((one) => one - (over * Math.max(0, one - floor)) / above);
}
