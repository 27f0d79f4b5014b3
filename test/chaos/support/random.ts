import { randomInt } from 'node:crypto';

/** Chance that can be had again: `SEED=123 npm run test:chaos` throws the same dice in the same order. */
export class Random {
  private state: number;

  constructor(readonly seed: number) {
    this.state = seed >>> 0;
  }

  /** Seeded by SEED, or by chance; the figures of every test say by what. */
  static ofRun(): Random {
    const given = process.env.SEED;
    const seed = given === undefined || given === '' ? randomInt(2 ** 31) : Number(given);
    if (!Number.isInteger(seed)) throw new Error(`SEED must be a whole number, not ${given}`);
    return new Random(seed);
  }

  /** From 0 to below 1. Mulberry32, by Tommy Ettinger (public domain). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both possible. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  pick<T>(of: readonly T[]): T {
    return of[this.int(0, of.length - 1)]!;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }
}
