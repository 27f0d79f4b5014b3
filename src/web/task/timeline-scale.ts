/*
 * Scales durations to a row of parts. Parts are proportional as far as they stay readable: none is narrower
 * than `MIN_WIDTH`, and one that would leave no room for the others is cut and marked as broken.
 */

/** Minimum width of a part in a row of few parts, percent. */
const MIN_WIDTH = 3;
/** Maximum width of all minimum widths together, percent. */
const MAX_MIN_WIDTHS = 40;
/** Ratio to the sum of all other parts above which a part is broken. */
const BREAK_RATIO = 20;
/** Width of each part beside a broken one, and maximum of all of them together, percent. */
const WIDTH_BESIDE_BROKEN = 14;
const MAX_WIDTH_BESIDE_BROKEN = 60;
/** Minimum ratio of a broken part's width to that of any unbroken part, because it was longer. */
const MIN_BROKEN_RATIO = 1.2;

export interface Part {
  /** Percent of the whole; all widths add up to 100. */
  width: number;
  /** True if drawn shorter than it was. */
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

/** Returns the width in percent of the parts that are not broken. */
function roomBeside(whole: readonly number[], broken: number): number {
  if (broken === 0) return 100;
  const sum = whole.reduce((total, one) => total + one, 0);
  const widest = sum === 0 ? 1 : Math.max(...whole) / sum;
  return Math.min(
    WIDTH_BESIDE_BROKEN * (whole.length - broken),
    MAX_WIDTH_BESIDE_BROKEN,
    100 / (1 + broken * widest * MIN_BROKEN_RATIO),
  );
}

/**
 * Selects the parts to break, longest first, while one dwarfs all the rest. One part of a length above zero
 * always stays whole.
 */
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

/** Distributes `room` by length with a minimum width, which the wide parts pay for. */
function fit(lengths: readonly number[], broken: ReadonlySet<number>, room: number): number[] {
  const count = lengths.length - broken.size;
  const floor = Math.min(MIN_WIDTH, MAX_MIN_WIDTHS / Math.max(1, count));
  const sum = lengths.reduce((total, one) => total + one, 0);
  const raised = lengths.map((one, i) => {
    if (broken.has(i)) return 0;
    return Math.max(floor, sum === 0 ? room / count : (one / sum) * room);
  });
  const over = raised.reduce((total, one) => total + one, 0) - room;
  const above = raised.reduce((total, one) => total + Math.max(0, one - floor), 0);
  return above <= 0 ? raised : raised.map((one) => one - (over * Math.max(0, one - floor)) / above);
}
