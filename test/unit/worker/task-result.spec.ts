import { describe, expect, it } from '@jest/globals';
import { PermanentError } from '../../../src/contract/outcomes.js';
import { toResultJson } from '../../../src/worker/task-result.js';

const type = { resultLimitBytes: 10 };
const circular: Record<string, unknown> = {};
circular.self = circular;
const hostile = {
  toJSON() {
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw 'no error';
  },
};

describe('toResultJson', () => {
  it.each([
    [undefined, 'null'],
    [null, 'null'],
    [0, '0'],
    [{ a: 1 }, '{"a":1}'],
    ['12345678', '"12345678"'],
  ])('takes %j', (result, json) => {
    expect(toResultJson(result, type)).toBe(json);
  });

  it.each([
    ['a BigInt', 1n, /BigInt/],
    ['a circle', circular, /circular/],
    ['a function', () => 1, /a function is no JSON/],
    ['a symbol', Symbol('s'), /a symbol is no JSON/],
    ['what throws something else', hostile, /no error/],
    ['more than the limit, in bytes', 'äöüäö', /^The result is 12 bytes of JSON, over the limit of 10/],
  ])('refuses %s for good', (_, result, message) => {
    const refuse = () => toResultJson(result, type);
    expect(refuse).toThrow(PermanentError);
    expect(refuse).toThrow(message);
  });
});
