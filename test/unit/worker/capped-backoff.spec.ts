import { describe, expect, it } from '@jest/globals';
import { toCappedBackoff } from '../../../src/worker/capped-backoff.js';

const pauses = (backoff: object, ...attempts: number[]) =>
  attempts.map((attempt) => (toCappedBackoff(backoff as never, attempt) as { delay: number }).delay);

describe('cappedBackoff', () => {
  it('doubles up to the cap', () => {
    const backoff = { type: 'exponential', delay: 1_000, maxDelay: 5_000 };
    expect(pauses(backoff, 1, 2, 3, 4, 5, 99)).toEqual([1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
  });

  it('never comes to a pause beyond a year', () => {
    const backoff = { type: 'exponential', delay: 86_400_000 };
    expect(pauses(backoff, 1, 2, 99, 2_000)).toEqual([
      86_400_000,
      2 * 86_400_000,
      366 * 86_400_000,
      366 * 86_400_000,
    ]);
  });

  it('leaves a share of the capped pause to chance', () => {
    const backoff = { type: 'exponential' as const, delay: 1_000, jitter: 0.5, maxDelay: 3_000 };
    expect(toCappedBackoff(backoff as never, 9)).toEqual({ type: 'fixed', delay: 3_000, jitter: 0.5 });
  });

  it.each([undefined, 500, { type: 'fixed', delay: 7 }, { type: 'theirs', delay: 7 }])(
    'has no part in %p',
    (backoff) => {
      expect(toCappedBackoff(backoff, 3)).toBe(backoff);
    },
  );
});
