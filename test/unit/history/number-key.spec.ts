import { describe, expect, it } from '@jest/globals';
import {
  compareNumbers,
  digitsOfKey,
  isNumberKey,
  numberKey,
  toIndexedNumber,
} from '../../../src/history/number-key.js';

/** The smallest first. */
const IN_ORDER = [
  '-1e400', '-12345678901234567890.123', '-1970670598291982291', '-1970670598291982290', '-1', '-0.1', '-1e-400',
  '0', '1e-400', '0.10', '0.1000000000000000000001', '1', '1E3', '1970670598291982289', '1970670598291982290',
  '1970670598291982300', '1970670598291982301', '12345678901234567890.123', '1e400', '1.5e400',
]; // prettier-ignore

describe('numbers in the index', () => {
  it('are plain wherever a double has their digits, however they are written', () => {
    const plain = ['0.10', '1E3', '-0', '1970670598291982300', '1e21', '1000000000000000000000', '+5.'];
    expect(plain.map(toIndexedNumber)).toEqual([0.1, 1000, 0, 1970670598291982300, 1e21, 1e21, 5]);
    expect(Object.is(toIndexedNumber('-0'), 0)).toBe(true);
  });

  it('are keys elsewhere, which have all their digits', () => {
    for (const text of [
      '1970670598291982290',
      '-12345678901234567890.123',
      '1e400',
      '-1e-400',
      '0.1000000000000000000001',
    ]) {
      const key = toIndexedNumber(text);
      expect(isNumberKey(key)).toBe(true);
      expect(digitsOfKey(key as string)).toBe(text);
    }
  });

  it('sort as the numbers do', () => {
    for (const [i, text] of IN_ORDER.entries()) {
      if (i === 0) continue;
      expect([text, compareNumbers(IN_ORDER[i - 1]!, text)]).toEqual([text, -1]);
      expect(numberKey(IN_ORDER[i - 1]!) < numberKey(text)).toBe(true);
    }
    expect(compareNumbers('0.10', '0.1')).toBe(0);
  });
});
