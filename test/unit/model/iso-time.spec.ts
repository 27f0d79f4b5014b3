import { describe, expect, it } from '@jest/globals';
import { readDayOrTime, readTime } from '../../../src/model/iso-time.js';

describe('readTime', () => {
  it.each([
    '2026-12-24T18:00:00Z',
    '2026-12-24T18:00:00.123Z',
    '2026-12-24T18:00:00.1+01:00',
    '2026-12-24T18:00-09:30',
    '2028-02-29T23:59:59.999+23:59',
    '2000-02-29T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ])('reads %s as Date.parse does', (text) => {
    expect(readTime(text)).toBe(Date.parse(text));
  });

  it('takes small letters, zones without a colon, and cuts off what is beyond milliseconds', () => {
    expect(readTime('2026-12-24t18:00:00z')).toBe(Date.UTC(2026, 11, 24, 18));
    expect(readTime('2026-12-24T18:00:00+0100')).toBe(Date.UTC(2026, 11, 24, 17));
    expect(readTime('2026-12-24T18:00:00.123999999Z')).toBe(Date.UTC(2026, 11, 24, 18, 0, 0, 123));
  });

  it.each([
    '2027-02-30T10:00:00Z',
    '2027-02-29T10:00:00Z',
    '2100-02-29T10:00:00Z',
    '2026-04-31T10:00:00Z',
    '2026-00-10T10:00:00Z',
    '2026-13-10T10:00:00Z',
    '2026-12-00T10:00:00Z',
    '2026-12-24T24:00:00Z',
    '2026-12-24T23:60:00Z',
    '2026-12-24T23:59:60Z',
    '2026-12-24T10:00:00+24:00',
    '2026-12-24T10:00:00',
    '2026-12-24',
    '12/24/2026',
    '2026-12',
    '20261224T100000Z',
    '2026-W01-1',
    ' 2026-12-24T10:00:00Z',
    '1',
    '',
    1,
    true,
    null,
    new Date(),
    ['2026-12-24T10:00:00Z'],
  ])('refuses %p', (value) => {
    expect(() => readTime(value)).toThrow(/must be a time with its zone, such as 2026-12-24T18:00:00Z/);
  });
});

describe('readDayOrTime', () => {
  it('takes a day for its beginning in UTC', () => {
    expect(readDayOrTime('2026-12-24')).toBe(Date.UTC(2026, 11, 24));
    expect(readDayOrTime('2026-12-24T18:00:00+01:00')).toBe(Date.UTC(2026, 11, 24, 17));
  });

  it.each(['2026-02-29', '2026-13-01', '2026-12-24T10:00:00', '24.12.2026', 'yesterday'])(
    'refuses %p',
    (value) => {
      expect(() => readDayOrTime(value)).toThrow(/must be a day or a time with its zone/);
    },
  );
});
