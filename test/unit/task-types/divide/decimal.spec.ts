import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DECIMAL_PATTERN, parseDecimal } from '../../../../src/task-types/divide/decimal.js';

describe('parseDecimal', () => {
  it.each([
    [10, 10n, 0],
    [-2.5, -25n, -1],
    [0.1, 1n, -1],
    [-0, 0n, 0],
    [1e21, 1n, 21],
    [1.5e-7, 15n, -8],
    [5e-324, 5n, -324],
    [Number.MAX_VALUE, 17976931348623157n, 292],
    ['007', 7n, 0],
    ['+1.50', 150n, -2],
    ['.5', 5n, -1],
    ['5.', 5n, 0],
    ['1E+3', 1n, 3],
    ['2e-400', 2n, -400],
    ['123456789012345678901234567890.5', 1234567890123456789012345678905n, -1],
  ])('reads %p exactly', (value, units, exponent) => {
    expect(parseDecimal(value)).toEqual({ units, exponent });
  });

  it.each([
    ...[
      NaN,
      Infinity,
      -Infinity,
      '',
      ' ',
      '.',
      '+',
      '-.',
      'e5',
      '1e',
      '1e+',
      'abc',
      '1 0',
      ' 1',
      '1,5',
      '0x10',
    ],
    ...[
      '1_000',
      '--1',
      '1.2.3',
      'NaN',
      'Infinity',
      '٣',
      '1e401',
      '1e-401',
      '1e0001',
      '1'.repeat(1001),
      '1\n',
    ],
    ...[null, undefined, true, [], [1], {}, 10n],
  ])('knows no number in %p', (value) => {
    expect(parseDecimal(value)).toBeUndefined();
  });

  it('takes exactly the texts that the pattern of the schema takes', () => {
    const pattern = new RegExp(DECIMAL_PATTERN, 'u');
    const text = fc.oneof(
      fc.stringMatching(/^[+-]?[0-9.]{0,6}([eE][+-]?[0-9]{0,4})?$/),
      fc.stringMatching(/^[0-9eE+.-]{0,8}$/),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (value) => {
        expect({ value, read: parseDecimal(value) !== undefined }).toEqual({
          value,
          read: pattern.test(value),
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('reads every finite number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const { units, exponent } = parseDecimal(value)!;
        expect(Number(`${units}e${exponent}`)).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});
