import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Histogram, RELATIVE_ERROR } from '../../../src/history/histogram.js';

function of(values: number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

/** The value a share `q` of all lies at or below. */
function exact(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
}

const durations = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 0, max: 1e9 }),
    fc.double({ min: 1, max: 1e11, noNaN: true }),
  ),
  {
    minLength: 1,
    maxLength: 300,
  },
);

describe('a histogram of durations', () => {
  it('shows any quantile within its relative error', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const [told, truth] = [of(values).quantile(q)!, exact(values, q)];
        expect(Math.abs(told - truth)).toBeLessThanOrEqual(truth * (RELATIVE_ERROR + 1e-6));
      }),
    );
  });

  it('merged from parts is the histogram of the whole, whatever the parts', () => {
    fc.assert(
      fc.property(fc.array(durations, { maxLength: 5 }), (parts) => {
        const merged = new Histogram();
        for (const part of parts) merged.merge(Histogram.decode(of(part).encode()));
        expect(merged.encode()).toEqual(of(parts.flat()).encode());
        expect(merged.count).toBe(parts.flat().length);
      }),
    );
  });

  it('counts what is at most a value', () => {
    const histogram = of([0, 1, 10, 10, 1000]);
    expect([0, 1, 9, 10, 999_999].map((ms) => histogram.countUpTo(ms))).toEqual([1, 2, 2, 4, 5]);
  });

  it('takes what is no duration for zero, and what is too long for the longest', () => {
    expect(of([-5, NaN, 0.3]).quantile(1)).toBe(0);
    expect(of([Infinity]).quantile(0.5)).toBeGreaterThan(3e11);
    expect(new Histogram().quantile(0.5)).toBeNull();
    expect(Histogram.decode(null).count).toBe(0);
    expect(Histogram.decode(Uint8Array.of(200, 255, 255)).count).toBeGreaterThanOrEqual(0);
  });

  it('stays small', () => {
    expect(of(Array.from({ length: 10_000 }, (_, i) => 1 + (i % 500))).encode().length).toBeLessThan(600);
  });
});
