import { describe, expect, it } from '@jest/globals';
import type { RoostError } from '../../../src/model/errors.js';
import {
  oneEnd,
  oneOf,
  orderFields,
  orNone,
  rate,
  readFields,
  reason,
  timeAfter,
  whole,
  yesOrNo,
} from '../../../src/http/body-fields.js';

function problems(work: () => unknown) {
  try {
    work();
  } catch (error) {
    return (error as RoostError).fields!;
  }
  throw new Error('nothing was refused');
}

describe('readFields', () => {
  it('reads what is there and leaves out what is not', () => {
    expect(readFields({ reason: ' because ', forMs: 5 }, orderFields(Date.now()))).toEqual({
      reason: 'because',
      forMs: 5,
    });
    expect(readFields({}, orderFields(Date.now()))).toEqual({});
  });

  it('names every problem at once, and what is missing with what it should be', () => {
    const read = () =>
      readFields({ a: 0, c: 'x' }, { a: whole(1, 9), b: oneOf(['p', 'q']), c: yesOrNo }, ['b']);
    expect(problems(read)).toEqual([
      { path: 'a', message: 'must be a whole number from 1 to 9' },
      { path: 'b', message: 'is missing; it must be one of: p, q' },
      { path: 'c', message: 'must be true or false' },
    ]);
  });

  it('refuses members it does not know', () => {
    expect(problems(() => readFields({ reazon: 'x' }, { reason }))).toMatchObject([
      { path: 'reazon', message: expect.stringContaining('Did you mean `reason`') },
    ]);
  });

  it.each([null, [], 'text', 5])('refuses %j for a body', (body) => {
    expect(problems(() => readFields(body, { reason }))).toMatchObject([{ path: 'body' }]);
  });
});

describe('readers', () => {
  it('take null only where there is none to be had', () => {
    expect(orNone(whole(1, 2))(null)).toBeNull();
    expect(() => whole(1, 2)(null)).toThrow('must be a whole number from 1 to 2');
    expect(() => orNone(whole(1, 2))(5)).toThrow('must be a whole number from 1 to 2, or null for none');
  });

  it('take a time with its zone, ahead and within a year', () => {
    const timeAhead = timeAfter(Date.now());
    const soon = new Date(Date.now() + 60_000).toISOString();
    expect(timeAhead(soon)).toBe(Date.parse(soon));
    for (const value of ['2026-01-01', '2020-01-01T00:00:00Z', '2999-01-01T00:00:00Z', 5])
      expect(() => timeAhead(value)).toThrow();
    expect(() => timeAhead('2027-02-30T10:00:00Z')).toThrow('is no date');
  });

  it('take a rate whole', () => {
    expect(rate({ max: 1, perMs: 1000 })).toEqual({ max: 1, perMs: 1000 });
    for (const value of [null, 5, {}, { max: 1 }, { max: 0, perMs: 1 }, { max: 1, perMs: 1, more: 1 }])
      expect(() => rate(value)).toThrow(/"max"/);
  });

  it('take a reason on some lines, without control characters', () => {
    expect(reason('two\nlines')).toBe('two\nlines');
    for (const value of ['\u0000', '\u001b[31m', 'x'.repeat(501), 5])
      expect(() => reason(value)).toThrow(/at most 500/);
  });

  it('take one end, not two', () => {
    expect(problems(() => oneEnd({ until: 1, forMs: 1 }))).toMatchObject([{ path: 'forMs' }]);
    oneEnd({ until: 1 });
  });
});
