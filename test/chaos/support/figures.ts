import { cpus, loadavg } from 'node:os';
import type { Random } from './random.js';

/** Prints a test's one line of figures, with what is needed to judge and to repeat it. */
export function printFigures(
  test: string,
  random: Random | undefined,
  figures: Record<string, unknown>,
): void {
  const line = {
    test,
    ...(random ? { seed: random.seed } : {}),
    ...figures,
    // A machine with other things to do is slower: times are read beside these.
    load: Math.round(loadavg()[0]! * 10) / 10,
    cores: cpus().length,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/**
 * A limit that holds for a machine with nothing else to do, stretched by how much more it has to do than it has cores.
 * Times are told as they were; only the verdict takes the machine into account.
 */
export function limitHere(ms: number): number {
  return Math.round(ms * Math.max(1, loadavg()[0]! / cpus().length));
}

/** The value that this share (0 to 1) of all values does not exceed; 0 of none. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]! * 10) / 10;
}

/** With `npm run test:chaos -- --nightly` tests are longer. */
export const NIGHTLY = process.env.CHAOS_NIGHTLY === '1';

export function nightly<T>(atNight: T, otherwise: T): T {
  return NIGHTLY ? atNight : otherwise;
}
