import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CountPrimesTask } from '../../../../src/task-types/count-primes/count-primes.task.js';
import { countPrimes, SEGMENT_SPAN } from '../../../../src/task-types/count-primes/prime-sieve.js';
import { fakeContext } from '../../../support/fake-context.js';
import { TaskTypeBench } from '../../../support/task-type-bench.js';

const task = new TaskTypeBench(CountPrimesTask);

/** Primes up to `limit` by trial: slow, and plainly right. */
function primesByTrial(limit: number): number[] {
  const primes: number[] = [];
  for (let n = 2; n <= limit; n++) {
    if (!primes.some((prime) => prime * prime <= n && n % prime === 0)) primes.push(n);
  }
  return primes;
}

describe('count-primes', () => {
  // https://oeis.org/A006880 (powers of ten)
  it.each([
    [0, 0, undefined],
    [1, 0, undefined],
    [2, 1, 2],
    [3, 2, 3],
    [4, 2, 3],
    [16, 6, 13],
    [17, 7, 17],
    [25, 9, 23],
    [100, 25, 97],
    [1000, 168, 997],
    [1_000_000, 78_498, 999_983],
    [10_000_000, 664_579, 9_999_991],
  ])('finds the primes up to %d', async (upTo, count, largest) => {
    const result = await task.run({ upTo });
    expect(result).toEqual({ count, upTo, ...(largest === undefined ? {} : { largest }) });
  });

  it('agrees with trial division', () => {
    const primes = primesByTrial(20_000);
    fc.assert(
      fc.property(fc.nat({ max: 20_000 }), (upTo) => {
        const expected = primes.filter((prime) => prime <= upTo);
        const { count, largest } = [...countPrimes(upTo)].at(-1)!;
        expect({ count, largest }).toEqual({ count: expected.length, largest: expected.at(-1) ?? 0 });
      }),
      { numRuns: 300 },
    );
  });

  // https://oeis.org/A007053 (powers of two); no number here is prime but 2^19 - 1.
  it.each([
    [2 ** 19, 43_390],
    [2 ** 20, 82_025],
    [2 ** 21, 155_611],
    [2 ** 22, 295_947],
  ])('loses and doubles nothing where a segment ends, at %d', async (edge, count) => {
    expect(edge % SEGMENT_SPAN).toBe(0);
    for (const upTo of [edge - 1, edge, edge + 1]) {
      await expect(task.run({ upTo })).resolves.toMatchObject({ count });
    }
  });

  it('reports each segment and ends at the last', async () => {
    const ctx = fakeContext();
    await task.run({ upTo: 3 * SEGMENT_SPAN - 1 }, ctx);
    expect(ctx.progressCalls.map(({ done, total }) => `${done}/${total}`)).toEqual(['1/3', '2/3', '3/3']);
    expect(ctx.progressCalls[0]!.message).toBe('43,390 primes so far');
  });

  it('ends at the next segment after an abort', async () => {
    const reason = new Error('cancelled');
    const ctx = fakeContext({ onProgress: ({ done }, running) => done === 2 && running.abort(reason) });
    await expect(task.run({ upTo: 10_000_000_000 }, ctx)).rejects.toBe(reason);
    expect(ctx.progressCalls).toHaveLength(2);
  });

  it('lets others have their turn after each segment', async () => {
    let turns = 0;
    let running = true;
    const takeTurn = () => {
      turns++;
      if (running) setImmediate(takeTurn);
    };
    setImmediate(takeTurn);
    const ctx = fakeContext();
    await task.run({ upTo: 20 * SEGMENT_SPAN }, ctx);
    running = false;
    expect(turns).toBeGreaterThanOrEqual(20);
  });

  it('needs no more memory for a large bound than for a small one', () => {
    const used = (upTo: number) => {
      const before = process.memoryUsage().arrayBuffers;
      const segments = countPrimes(upTo);
      segments.next();
      return process.memoryUsage().arrayBuffers - before;
    };
    // 10^10 has base primes up to 10^5.
    expect(used(10_000_000_000)).toBeLessThan(2 * 1024 * 1024);
  });

  it.each([
    [-1, 'must be a whole number from 0 to 10000000000, not -1'],
    [10_000_000_001, 'must be a whole number from 0 to 10000000000, not 10000000001'],
    [1.5, 'must be a whole number from 0 to 10000000000, not 1.5'],
    ['100', 'must be a whole number from 0 to 10000000000, not the text "100"'],
    [undefined, 'is required: a whole number from 0 to 10000000000'],
  ])('refuses a bound of %p', async (upTo, message) => {
    await expect(task.problems({ upTo })).resolves.toEqual([{ path: 'input.upTo', message }]);
  });

  it('waits in the queue for heavy work', () => {
    expect(task.type.queue).toBe('cpu');
  });
});
