import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nearName } from '../../../src/model/near-name.js';

describe('nearName', () => {
  it.each([
    ['lenght', ['width', 'length'], 'length'],
    ['process_text', ['divide', 'process-text'], 'process-text'],
    ['STEPDELAYMS', ['stepDelayMs'], 'stepDelayMs'],
    ['WORKER_CONCURENCY', ['WORKER_NAME', 'WORKER_CONCURRENCY'], 'WORKER_CONCURRENCY'],
    ['divied', ['divide'], 'divide'],
    ['X', ['x', 'y'], 'x'],
  ])('takes %s among %j for %s', (word, candidates, near) => {
    expect(nearName(word, candidates)).toBe(near);
  });

  it.each([
    ['z', ['x', 'y']],
    ['nope', ['divide', 'process-text', 'count-primes']],
    ['', ['a', 'divide']],
    ['anything', []],
  ])('has no guess for %j among %j', (word, candidates) => {
    expect(nearName(word, candidates)).toBeUndefined();
  });

  it('prefers the nearest, whatever the order', () => {
    expect(nearName('digitt', ['digital', 'digits'])).toBe('digits');
    expect(nearName('digitt', ['digits', 'digital'])).toBe('digits');
  });

  it('finds every word of six letters or more with two neighbours swapped', () => {
    const word = fc.stringMatching(/^[a-z]{6,20}$/);
    fc.assert(
      fc.property(word, fc.nat(), (name, n) => {
        const at = n % (name.length - 1);
        const typo = name.slice(0, at) + name[at + 1]! + name[at]! + name.slice(at + 2);
        expect(nearName(typo, [name])).toBe(name);
      }),
    );
  });

  it('does not compare words of unreasonable length', () => {
    const long = 'a'.repeat(100_000);
    expect(nearName(long, [long])).toBeUndefined();
  });
});
