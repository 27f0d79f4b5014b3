import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { wordAt } from '../../../src/search/word-at.js';
import { codePoint } from '../../support/code-points.js';

/** `|` is the cursor. */
const at = (marked: string) => wordAt(marked.replace('|', ''), marked.indexOf('|'));

describe('the term under the cursor', () => {
  it.each([
    ['|', { from: 0, to: 0, value: '', isQuoted: false }],
    ['fa|', { from: 0, to: 2, value: 'fa', isQuoted: false }],
    ['a fa|il b', { from: 2, to: 6, value: 'fa', isQuoted: false }],
    ['state:fa|', { from: 0, to: 8, field: 'state', value: 'fa', isQuoted: false }],
    ['(-type:|', { from: 2, to: 7, field: 'type', value: '', isQuoted: false }],
    ['tag:"vip cus|', { from: 0, to: 12, field: 'tag', value: 'vip cus', isQuoted: true }],
    ['tag:"vip cus|" b', { from: 0, to: 13, field: 'tag', value: 'vip cus', isQuoted: true }],
    ['tag:"a \\" b|', { from: 0, to: 11, field: 'tag', value: 'a " b', isQuoted: true }],
    ['"a b" |', { from: 6, to: 6, value: '', isQuoted: false }],
    ['input.user.na|', { from: 0, to: 13, value: 'input.user.na', isQuoted: false }],
  ])('%s', (marked, expected) => {
    expect(at(marked)).toEqual(expected);
  });

  it('is found in any text at any place', () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint }), fc.integer(), (q, cursor) => {
        const { from, to } = wordAt(q, cursor);
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeGreaterThanOrEqual(from);
        expect(to).toBeLessThanOrEqual(q.length);
      }),
    );
  });
});
