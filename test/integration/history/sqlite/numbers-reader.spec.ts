import { describe, expect, it } from '@jest/globals';
import { coverOf } from '../../../../src/history/sqlite/numbers-reader.js';
import { NOON } from '../../../support/history-rows.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('reading numbers of a time', () => {
  it('covers a time with as few spans as there are', () => {
    const pieces = coverOf(NOON - 36 * HOUR - MINUTE, NOON + MINUTE, 'minute');
    expect(pieces.map(({ span, from, to }) => [span, (to - from) / span])).toEqual([
      [MINUTE, 1],
      [DAY, 1],
      [HOUR, 12],
      [MINUTE, 1],
    ]);
    expect(pieces.map(({ from }, i) => (i === 0 ? true : from === pieces[i - 1]!.to))).not.toContain(false);
    expect(coverOf(NOON, NOON, 'minute')).toEqual([]);
    expect(coverOf(NOON + 1, NOON + 2, 'minute')).toEqual([{ span: MINUTE, from: NOON, to: NOON + MINUTE }]);
  });
});
