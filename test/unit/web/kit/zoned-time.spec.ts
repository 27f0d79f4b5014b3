import { describe, expect, it } from '@jest/globals';
import { isTimeZone, toInstant } from '../../../../src/web/kit/zoned-time.js';

const iso = (local: string, zone: string) => new Date(toInstant(local, zone)).toISOString();

describe('a wall-clock time in a zone', () => {
  it.each([
    ['2026-12-24T18:00', 'UTC', '2026-12-24T18:00:00.000Z'],
    ['2026-12-24T18:00', 'Europe/Berlin', '2026-12-24T17:00:00.000Z'],
    ['2026-07-01T18:00:30', 'Europe/Berlin', '2026-07-01T16:00:30.000Z'],
    ['2026-01-15T09:30', 'America/Los_Angeles', '2026-01-15T17:30:00.000Z'],
    ['2026-01-15T09:30', 'Asia/Kathmandu', '2026-01-15T03:45:00.000Z'],
    ['2026-03-29T01:59', 'Europe/Berlin', '2026-03-29T00:59:00.000Z'],
    ['2026-03-29T03:00', 'Europe/Berlin', '2026-03-29T01:00:00.000Z'],
    ['2026-10-25T03:00', 'Europe/Berlin', '2026-10-25T02:00:00.000Z'],
  ])('%s in %s is %s', (local, zone, instant) => {
    expect(iso(local, zone)).toBe(instant);
  });

  it('means the first of two when the clocks go back', () => {
    expect(iso('2026-10-25T02:30', 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z');
    expect(iso('2026-11-01T01:30', 'America/New_York')).toBe('2026-11-01T05:30:00.000Z');
  });

  it('refuses a time that the clocks skip', () => {
    expect(() => toInstant('2026-03-29T02:30', 'Europe/Berlin')).toThrow('does not exist in Europe/Berlin');
    expect(() => toInstant('2026-03-08T02:30', 'America/New_York')).toThrow('does not exist');
  });

  it.each(['', 'tomorrow', '2026-06-31T10:00', '2026-12-24', '2026-12-24T25:00'])('refuses %j', (local) => {
    expect(() => toInstant(local, 'UTC')).toThrow('must be a date and time');
  });
});

describe('time zones', () => {
  it('are known by their IANA names only', () => {
    expect([isTimeZone('Europe/Berlin'), isTimeZone('UTC'), isTimeZone('Mars/Olympus')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
