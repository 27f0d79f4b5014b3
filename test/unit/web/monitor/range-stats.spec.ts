import { describe, expect, it } from '@jest/globals';
import { RANGES, type RangeName } from '../../../../src/monitoring/stats/stats-ranges.js';
import { NO_NUMBERS, toNumbers } from '../../../../src/monitoring/stats/stats-view.js';
import type { RangeNumbers } from '../../../../src/monitoring/stats/stats.service.js';
import { toRangeStats } from '../../../../src/web/monitor/range-stats.js';
import { toStatsPage } from '../../../../src/web/monitor/stats-page.js';
import { sampleRange, sampleSpan } from '../fake-numbers.js';
import { sampleFacts } from './health-samples.js';

const MINUTE = 60_000;
/** Half a minute into the current bar. */
const NOW = Date.UTC(2026, 10, 23, 10, 0, 30);
const MINUTE_AT = NOW - 30_000;

const of = (completed: number, failed = 0) => toNumbers(sampleSpan({ completed, failed }));

/** A range recorded for some minutes only, in which each recorded minute but the current has 100 tasks. */
function recordedFor(
  minutes: number,
  parts: Partial<RangeNumbers> = {},
  name: RangeName = '1h',
): RangeNumbers {
  const sample = sampleRange(name, 'type', NOW);
  const recordedFrom = MINUTE_AT - minutes * MINUTE;
  const bars = sample.bars.map(({ at }) => ({
    at,
    ...(at >= recordedFrom ? of(at === MINUTE_AT ? 1 : 100) : NO_NUMBERS),
  }));
  return {
    ...sample,
    ...{ bars, recordedFrom, recordedBefore: null, before: NO_NUMBERS, types: [], failing: [] },
    ...{ total: of(100 * minutes + 1), lastMinute: { at: MINUTE_AT - MINUTE, numbers: of(100) } },
    ...parts,
  };
}

const number = (numbers: RangeNumbers, id: string) =>
  toRangeStats(numbers).find((one) => one.id === `number-${id}`)!;
const page = (numbers: RangeNumbers) =>
  toStatsPage(numbers, sampleFacts(), { range: '1h', by: 'type', sort: 'finished' });

describe('numbers of a range of which little is recorded', () => {
  it('divide by the time recorded, and show the last full minute first', () => {
    expect(number(recordedFor(8), 'throughput')).toMatchObject({
      value: '100',
      note: '801 tasks, 94.2/min over the 9 min recorded',
    });
  });

  it('have no rate before a minute has passed, and no last minute', () => {
    const numbers = recordedFor(0, { lastMinute: undefined });
    expect(number(numbers, 'throughput')).toMatchObject({ value: '–', note: '1 task so far' });
  });

  it('show neither a time before nor that it was empty', () => {
    for (const id of ['throughput', 'failures', 'wait', 'run'])
      expect(number(recordedFor(8), id).note).not.toMatch(/was|before/);
    expect(number(recordedFor(8), 'wait').note).toBe('of 3 tasks');
    expect(page(recordedFor(8)).span).toBe('last 1 h, of which 9 min are recorded');
    expect(page(recordedFor(8)).table.hasBefore).toBe(false);
  });

  it('begin their sparklines at the first sample, and end them at the last whole one', () => {
    expect(number(recordedFor(8), 'throughput').spark).toBe(
      '0,2 14.29,2 28.57,2 42.86,2 57.14,2 71.43,2 85.71,2 100,2',
    );
    expect(number(recordedFor(1), 'throughput').spark).toBeUndefined();
  });

  it('hatch the time before, with its end in words', () => {
    const { unrecorded } = page(recordedFor(6)).charts.finished.chart;
    expect(unrecorded).toMatchObject({ width: '88.33%', named: true, until: { label: '09:54' } });
    const { bars } = page(recordedFor(6)).charts.finished.chart;
    expect(bars[0]!.title).toBe('2026-11-23 09:01 UTC: not recorded');
    expect(bars.at(-2)!.title).toMatch(/UTC: 100 completed/);
    const nothing = page(recordedFor(0, { recordedFrom: null, total: NO_NUMBERS, lastMinute: undefined }));
    expect(nothing.charts.finished.chart.unrecorded).toMatchObject({ width: '100%', named: true });
    expect(nothing.span).toBe('last 1 h: nothing is recorded yet');
  });
});

describe('numbers of a range that is recorded', () => {
  const whole = (before: Partial<RangeNumbers>) => recordedFor(59, { ...before });

  it('are compared with the time before', () => {
    const { from } = recordedFor(59);
    const numbers = whole({ before: of(3_000, 300), recordedBefore: from - 60 * MINUTE });
    expect(number(numbers, 'throughput').note).toBe('5,901 tasks, 99.2/min, was 55');
    expect(page(numbers).span).toBe('last 1 h, compared with the 1 h before');
    expect(page(numbers).charts.finished.chart.unrecorded).toBeUndefined();
  });

  it('leave the comparison out if that was recorded in part only', () => {
    const { from } = recordedFor(59);
    const numbers = whole({ before: of(3_000), recordedBefore: from - 59 * MINUTE });
    expect(number(numbers, 'throughput').note).toBe('5,901 tasks, 99.2/min');
  });

  it('give failures a scale', () => {
    expect(number(whole({ total: of(143, 6) }), 'failures')).toMatchObject({
      value: '4',
      unit: '%',
      note: '6 of 149',
    });
    expect(number(whole({ total: NO_NUMBERS }), 'failures').note).toBe('nothing has ended');
  });

  it('print the last whole bar at the right edge, not the one in progress', () => {
    const { chart } = page(recordedFor(59)).charts.finished;
    expect(chart.last.label).toBe('100');
    expect(chart.bars.at(-1)!.title).toContain('10:00 UTC so far: 1 completed');
  });
});

it('knows the same ranges for pages and programs', () => {
  expect(Object.keys(RANGES)).toEqual(['15m', '1h', '24h', '7d', '30d']);
  expect(page(recordedFor(8)).ranges.map(({ label }) => label)).toEqual([
    ...['Auto', '15 min', '1 h', '24 h', '7 d', '30 d'],
  ]);
});
