import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { PermanentError } from '../../../../src/task-api/outcomes.js';
import { parseDecimal } from '../../../../src/task-types/divide/decimal.js';
import { DivideTask } from '../../../../src/task-types/divide/divide.task.js';
import { fakeContext } from '../../../support/fake-context.js';
import { TaskTypeBench } from '../../../support/task-type-bench.js';

const divide = new TaskTypeBench(DivideTask);

describe('divide', () => {
  it.each([
    [10, 2, 20, { quotient: 5, decimal: '5', exact: true }],
    [1, 8, 20, { quotient: 0.125, decimal: '0.125', exact: true }],
    [1, 3, 5, { quotient: 1 / 3, decimal: '0.33333', repeating: '3', exact: false }],
    [22, 7, 20, { quotient: 22 / 7, decimal: '3.14285714285714285714', repeating: '142857', exact: false }],
    [22, 7, 5, { quotient: 22 / 7, decimal: '3.14285', exact: false }],
    [1, 6, 4, { quotient: 1 / 6, decimal: '0.1666', repeating: '6', exact: false }],
    [1, 12, 2, { quotient: 1 / 12, decimal: '0.08', exact: false }],
    [1, 12, 3, { quotient: 1 / 12, decimal: '0.083', repeating: '3', exact: false }],
    [2, 3, 3, { quotient: 2 / 3, decimal: '0.666', repeating: '6', exact: false }],
    [-7, 2, 20, { quotient: -3.5, decimal: '-3.5', exact: true }],
    [7, -2, 20, { quotient: -3.5, decimal: '-3.5', exact: true }],
    [-7, -2, 20, { quotient: 3.5, decimal: '3.5', exact: true }],
    [0, -5, 20, { quotient: 0, decimal: '0', exact: true }],
    [-1, 1000, 2, { quotient: -0.001, decimal: '0.00', exact: false }],
    [-1, 1000, 3, { quotient: -0.001, decimal: '-0.001', exact: true }],
    [7, 2, 0, { quotient: 3.5, decimal: '3', exact: false }],
    [8, 2, 0, { quotient: 4, decimal: '4', exact: true }],
    [0.3, 0.1, 20, { quotient: 3, decimal: '3', exact: true }],
    ['0.1', '3e-1', 3, { quotient: 1 / 3, decimal: '0.333', repeating: '3', exact: false }],
    ['1e3', '.5', 5, { quotient: 2000, decimal: '2000', exact: true }],
    [
      '100000000000000000000000000001',
      1,
      5,
      { quotient: 1e29, decimal: '100000000000000000000000000001', exact: true },
    ],
  ])('divides %p by %p to %d digits', async (x, y, digits, result) => {
    await expect(divide.run({ x, y, digits })).resolves.toEqual(result);
  });

  it('takes 20 digits by default', async () => {
    await expect(divide.run({ x: 1, y: 7 })).resolves.toMatchObject({ decimal: '0.14285714285714285714' });
  });

  it.each([
    ['1e400', '1e-400', '1e+800'],
    ['-1e400', '3e-400', '-3.3333333333333333e+799'],
    ['25e-400', '2e400', '1.25e-799'],
  ])('writes the quotient of %s by %s as text, as no number holds it', async (x, y, quotient) => {
    const result = await divide.run({ x, y, digits: 0 });
    expect(result.quotient).toBe(quotient);
  });

  it('writes a whole number of 800 digits in full', async () => {
    const { decimal, exact } = await divide.run({ x: '1e400', y: '1e-400', digits: 5 });
    expect(decimal).toBe(`1${'0'.repeat(800)}`);
    expect(exact).toBe(true);
  });

  it('gives a result that is JSON, however large', async () => {
    const result = await divide.run({ x: 1, y: '99989', digits: 100_000 });
    expect(result.decimal).toHaveLength(100_002);
    expect(result.repeating).toHaveLength(99_988);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    expect(JSON.stringify(result).length).toBeLessThan(divide.type.resultLimitBytes);
  });

  /** A finite decimal as people write it, short enough to divide many. */
  const decimal = fc.oneof(
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.stringMatching(/^[+-]?[0-9]{1,20}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,2})?$/),
  );

  it('agrees with whole-number arithmetic: decimal * y + remainder = x', async () => {
    await fc.assert(
      fc.asyncProperty(decimal, decimal, fc.nat({ max: 60 }), async (x, y, digits) => {
        const [dividend, divisor] = [parseDecimal(x)!, parseDecimal(y)!];
        fc.pre(divisor.units !== 0n);
        const result = await divide.run({ x, y, digits });
        const shown = parseDecimal(result.decimal.slice(0, 1000))!;
        fc.pre(result.decimal.length <= 1000);
        // All three as whole numbers of the same unit, 10^scale.
        const scale = Math.min(dividend.exponent, shown.exponent + divisor.exponent);
        const remainder =
          dividend.units * 10n ** BigInt(dividend.exponent - scale) -
          shown.units * divisor.units * 10n ** BigInt(shown.exponent + divisor.exponent - scale);
        const unit = divisor.units * 10n ** BigInt(divisor.exponent + shown.exponent - scale);
        expect(result.exact).toBe(remainder === 0n);
        // Cut off, not rounded: what is left is smaller than one step of the last digit, and points the same way.
        expect(magnitude(remainder)).toBeLessThan(magnitude(unit));
        expect(remainder === 0n || remainder < 0n === dividend.units < 0n).toBe(true);
        const shownDigits = result.decimal.split('.')[1]?.length ?? 0;
        if (result.exact) expect(shownDigits).toBeLessThanOrEqual(digits);
        else expect(shownDigits).toBe(digits);
        expect(result.exact && /\..*0$/.test(result.decimal)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('repeats the digits it says repeat', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 5000 }), fc.integer({ min: 1, max: 400 }), async (x, y) => {
        const { decimal: shown, repeating, exact } = await divide.run({ x, y, digits: 900 });
        // A denominator up to 400 repeats after 399 digits at most.
        expect(repeating === undefined).toBe(exact);
        if (repeating === undefined) return;
        const fraction = shown.split('.')[1]!;
        const lead = fraction.length % repeating.length;
        const tail = fraction.slice(-2 * repeating.length);
        expect(tail.slice(0, repeating.length)).toBe(tail.slice(repeating.length));
        expect(repeating.repeat(3)).toContain(fraction.slice(lead).slice(-repeating.length));
        // The shortest there is: no part of it repeats by itself.
        const doubled = (repeating + repeating).indexOf(repeating, 1);
        expect(doubled).toBe(repeating.length);
      }),
      { numRuns: 200 },
    );
  });

  it('gives the number that JavaScript gives for whole numbers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.maxSafeInteger(), fc.maxSafeInteger(), async (x, y) => {
        fc.pre(y !== 0);
        const { quotient } = await divide.run({ x, y, digits: 0 });
        expect(quotient).toBe(x / y === 0 ? 0 : x / y);
      }),
    );
  });

  it('rounds the number to the nearer side, however little lies beyond the middle', async () => {
    // 2^53 + 1 lies between two doubles; 9007199254740992 is the even one that a tie would go to.
    const middle = '9007199254740993';
    const { quotient: tie } = await divide.run({ x: middle, y: 1 });
    const { quotient: above } = await divide.run({ x: `${middle}.${'0'.repeat(80)}1`, y: 1 });
    expect([tie, above]).toEqual([9007199254740992, 9007199254740994]);
  });

  it.each([0, -0, '0', '0.000', '-0e5'])('fails for good at a division by %p, and reports it', async (y) => {
    const running = divide.run({ x: 10, y });
    await expect(running).rejects.toThrow(PermanentError);
    await expect(running).rejects.toThrow(
      `Division by zero: 10 / ${y} has no result. Use a divisor other than 0.`,
    );
  });

  it('keeps a thousand digits out of its message', async () => {
    await expect(divide.run({ x: '9'.repeat(1000), y: 0 })).rejects.toThrow(
      /^Division by zero: 9{40}\.\.\. \/ 0 has/,
    );
  });

  it.each([
    [NaN, 'must be a number such as 10, -2.5 or 1e-7, not NaN'],
    [Infinity, 'must be a number such as 10, -2.5 or 1e-7, not Infinity'],
    ['', 'must be a number such as 10, -2.5 or 1e-7, not ""'],
    ['abc', 'must be a number such as 10, -2.5 or 1e-7, not "abc"'],
    ['1,5', 'must be a number such as 10, -2.5 or 1e-7, not "1,5"'],
    [null, 'must be a number such as 10, -2.5 or 1e-7, not null'],
    [true, 'must be a number such as 10, -2.5 or 1e-7, not true'],
    [[1], 'must be a number such as 10, -2.5 or 1e-7, not a list'],
    [{}, 'must be a number such as 10, -2.5 or 1e-7, not an object'],
    ['1e401', 'must be a number with an exponent from -400 to 400, not "1e401"'],
    ['1'.repeat(1001), 'must be a number of at most 1000 characters, not of 1001'],
    [undefined, 'is required, for example 10'],
  ])('refuses %p at the door', async (x, message) => {
    await expect(divide.problems({ x, y: 2 })).resolves.toEqual([{ path: 'input.x', message }]);
  });

  it.each([
    ['digits', -1, 'must be a whole number from 0 to 100000, not -1'],
    ['digits', 100_001, 'must be a whole number from 0 to 100000, not 100001'],
    ['digits', '5', 'must be a whole number from 0 to 100000, not the text "5"'],
    ['stepDelayMs', 5001, 'must be a whole number from 0 to 5000, not 5001'],
    ['stepDelayMs', 0.5, 'must be a whole number from 0 to 5000, not 0.5'],
  ])('refuses %s of %p', async (field, value, message) => {
    const problems = await divide.problems({ x: 1, y: 2, [field]: value });
    expect(problems).toEqual([{ path: `input.${field}`, message }]);
  });

  it('reports every digit when it goes step by step', async () => {
    const ctx = fakeContext();
    await divide.run({ x: 22, y: 7, digits: 4, stepDelayMs: 1 }, ctx);
    expect(ctx.progressCalls).toEqual([
      { done: 1, total: 5, message: 'Integer part' },
      { done: 2, total: 5, message: 'Digit 1 of 4: 1' },
      { done: 3, total: 5, message: 'Digit 2 of 4: 14' },
      { done: 4, total: 5, message: 'Digit 3 of 4: 142' },
      { done: 5, total: 5, message: 'Digit 4 of 4: 1428' },
    ]);
  });

  it('plans no more digits than there are', async () => {
    const ctx = fakeContext();
    await divide.run({ x: 1, y: 8, digits: 1000, stepDelayMs: 1 }, ctx);
    expect(ctx.progressCalls.at(-1)).toEqual({ done: 4, total: 4, message: 'Digit 3 of 3: 125' });
  });

  it('ends a division that needs no digits at once', async () => {
    const ctx = fakeContext();
    await divide.run({ x: 10, y: 2, stepDelayMs: 5000 }, ctx);
    expect(ctx.progressCalls).toEqual([{ done: 1, total: 1, message: 'Integer part' }]);
  });

  it('waits for the pause and lets go in the middle of it', async () => {
    const reason = new Error('cancelled');
    const ctx = fakeContext({ onProgress: (_, running) => running.abort(reason) });
    await expect(divide.run({ x: 1, y: 3, stepDelayMs: 5000 }, ctx)).rejects.toBe(reason);
    expect(ctx.progressCalls).toHaveLength(1);
  });

  it('lets others have their turn during 100,000 digits, and notices a cancel', async () => {
    const reason = new Error('cancelled');
    const ctx = fakeContext();
    // 100,000 digits take some 20 ms, too little for several turns of a fast machine.
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => (now += 0.01));
    let turns = 0;
    const takeTurn = () => {
      turns++;
      if (turns === 3) ctx.abort(reason);
      else setImmediate(takeTurn);
    };
    setImmediate(takeTurn);
    await expect(divide.run({ x: 1, y: '9'.repeat(400), digits: 100_000 }, ctx)).rejects.toBe(reason);
    jest.restoreAllMocks();
    expect(ctx.progressCalls.at(-1)!.done).toBeLessThan(100_000);
  });

  it.each([
    ['small', 1, 99_989],
    ['as long as can be', '0.' + '1'.repeat(990) + 'e-400', '7'.repeat(990) + 'e400'],
  ])('calculates 100,000 digits in seconds, not minutes: numbers %s', async (_, x, y) => {
    const begin = performance.now();
    const { decimal: shown } = await divide.run({ x, y, digits: 100_000 });
    expect(shown).toHaveLength(100_002);
    expect(performance.now() - begin).toBeLessThan(30_000);
  });
});

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
