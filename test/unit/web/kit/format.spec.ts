import { describe, expect, it } from '@jest/globals';
import {
  formatBytes,
  formatDuration,
  formatExact,
  formatPercent,
  formatRelative,
  formatTicking,
  plural,
  shortId,
} from '../../../../src/web/kit/format.js';

interface BrowserTimes {
  formatDuration(ms: number): string;
  formatTicking(ms: number): string;
  formatRelative(at: number, now: number): string;
}
const TIMES_SCRIPT = new URL('../../../../views/assets/times.js', import.meta.url).href;
const browser = (await import(TIMES_SCRIPT)) as BrowserTimes;

const DURATIONS: [ms: number, text: string][] = [
  [-5, '0 ms'],
  [0, '0 ms'],
  [340, '340 ms'],
  [999.6, '1.00 s'],
  [1_240, '1.24 s'],
  [9_994, '9.99 s'],
  [9_999, '10.0 s'],
  [12_340, '12.3 s'],
  [59_949, '59.9 s'],
  [59_999, '1 m 00 s'],
  [125_000, '2 m 05 s'],
  [3_599_600, '1 h 00 m'],
  [3_720_000, '1 h 02 m'],
  [86_400_000 * 3 + 3_600_000 * 4, '3 d 4 h'],
];

describe('durations', () => {
  it.each(DURATIONS)('%d ms reads %s, on the server and in the browser', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
    expect(browser.formatDuration(ms)).toBe(text);
  });

  it.each([
    [900, '0 s'],
    [8_400, '8 s'],
    [64_900, '1 m 04 s'],
  ])('%d ms counted up reads %s', (ms, text) => {
    expect(formatTicking(ms)).toBe(text);
    expect(browser.formatTicking(ms)).toBe(text);
  });
});

describe('relative times', () => {
  it.each([
    [0, 'now'],
    [400, 'now'],
    [12_000, '12 s ago'],
    [59_600, '1 m ago'],
    [3_700_000, '1 h ago'],
    [86_400_000 * 6, '6 d ago'],
    [-5_000, 'in 5 s'],
    [-7_300_000, 'in 2 h'],
  ])('%d ms before now reads %s, on the server and in the browser', (before, text) => {
    const now = 1_800_000_000_000;
    expect(formatRelative(now - before, now)).toBe(text);
    expect(browser.formatRelative(now - before, now)).toBe(text);
  });
});

describe('other figures', () => {
  it('shows exact times in UTC', () => {
    expect(formatExact(Date.parse('2026-11-23T03:17:05.900Z'))).toBe('2026-11-23 03:17:05 UTC');
  });

  it('shows bytes as Redis counts them', () => {
    expect([formatBytes(512), formatBytes(1_468_006), formatBytes(300 * 1_048_576)]).toEqual([
      '512 B',
      '1.4 MB',
      '300 MB',
    ]);
  });

  it('shows a share of nothing as none, and a tiny one as tiny', () => {
    expect([formatPercent(0, 0), formatPercent(1, 100_000), formatPercent(3, 200)]).toEqual([
      '0 %',
      '< 0.1 %',
      '1.5 %',
    ]);
  });

  it('counts in words', () => {
    expect([plural(1, 'task'), plural(1_234, 'task')]).toEqual(['1 task', '1,234 tasks']);
  });

  it('shortens ids to what differs between neighbours', () => {
    expect([shortId('t1hq7vabcdefghjkmnpqrs42ab'), shortId('17')]).toEqual(['rs42ab', '17']);
  });
});
