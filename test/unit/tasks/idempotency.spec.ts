import { describe, expect, it } from '@jest/globals';
import { checkIdempotencyKey, fingerprint, toLineKey } from '../../../src/tasks/idempotency.js';

describe('fingerprint', () => {
  it('is the same whatever the order of members', () => {
    expect(fingerprint(['t', { a: 1, b: { c: 2, d: 3 } }])).toBe(
      fingerprint(['t', { b: { d: 3, c: 2 }, a: 1 }]),
    );
  });

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: null }, {}],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: [1, 2] }, { a: { 0: 1, 1: 2 } }],
    [
      ['a', { b: 1 }],
      ['a', { b: 1 }, null],
    ],
    ['é', 'e\u0301'],
  ])('distinguishes %p from %p', (one, other) => {
    expect(fingerprint(one)).not.toBe(fingerprint(other));
  });

  it('is short text', () => {
    expect(fingerprint({})).toMatch(/^[\w-]{22}$/);
  });
});

describe('checkIdempotencyKey', () => {
  it.each(['a', '0b5f3f0a-9c0e-4f55-8a3b-6d1f1f0f6a5e', 'order 17', '~!"', 'x'.repeat(255)])(
    'takes %p',
    (key) => {
      expect(() => checkIdempotencyKey(key)).not.toThrow();
    },
  );

  it.each(['', ' a', 'a ', 'a  b', 'a\tb', 'a\nb', 'é', '\u007f', 'x'.repeat(256)])('refuses %p', (key) => {
    expect(() => checkIdempotencyKey(key)).toThrow(expect.objectContaining({ code: 'HEADER_INVALID' }));
  });

  it('decides on a long hostile key at once', () => {
    const startedAt = performance.now();
    expect(() => checkIdempotencyKey(`${'a '.repeat(50_000)} `)).toThrow();
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe('keyOfLine', () => {
  it('is the key of the request and the number of the line', () => {
    expect(toLineKey('batch 1', 17)).toBe('batch 1/17');
  });

  it.each([251, 252, 254, 255])(
    'is a key for every line where that of the request has %d characters',
    (length) => {
      const keys = [1, 10, 100, 1000].flatMap((line) =>
        ['x', 'y'].map((letter) => toLineKey(letter.repeat(length), line)),
      );
      for (const key of keys) expect(() => checkIdempotencyKey(key)).not.toThrow();
      expect(new Set(keys).size).toBe(8);
    },
  );
});
