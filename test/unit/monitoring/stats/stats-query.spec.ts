import { describe, expect, it } from '@jest/globals';
import { RoostError } from '../../../../src/model/errors.js';
import {
  RANGE_NAMES,
  RANGES,
  windowBefore,
  windowOf,
} from '../../../../src/monitoring/stats/stats-ranges.js';
import { readNumbersQuery } from '../../../../src/monitoring/stats/stats-query.js';

const NOW = Date.UTC(2026, 10, 22, 14, 37, 12);
const read = (query: Record<string, string>) => readNumbersQuery(query, NOW).search;

describe('ranges', () => {
  it.each(RANGE_NAMES)('%s ends now, in bars that begin where clocks do', (name) => {
    const range = RANGES[name];
    const { from, to } = windowOf(range, NOW);
    expect(to).toBe(NOW);
    expect(from % range.barMs).toBe(0);
    expect(Math.ceil((to - from) / range.barMs)).toBe(range.bars);
    const before = windowBefore(range, { from, to });
    expect(before.to - before.from).toBe(to - from);
    expect(before.from).toBe(from - range.bars * range.barMs);
  });
});

describe('what is asked of the numbers', () => {
  it('is the last hour by the minute by default', () => {
    expect(read({})).toEqual({ ...windowOf(RANGES['1h'], NOW), step: 'minute', fold: 60_000 });
    expect(read({ range: '7d' })).toMatchObject({ step: 'hour', fold: 3 * 3_600_000 });
    expect(read({ range: '24h', step: 'hour' })).toMatchObject({ step: 'hour' });
  });

  it('puts all of the time into one where names are compared', () => {
    expect(read({ range: '24h', by: 'type' })).toMatchObject({ step: 'all', edge: 'minute', by: 'type' });
    expect(read({ by: 'queue', step: 'minute' })).toMatchObject({ step: 'minute', by: 'queue' });
  });

  it('takes times instead, and chooses a step that fits', () => {
    const day = { from: '2026-11-20', to: '2026-11-21T00:00:00Z' };
    expect(read(day)).toMatchObject({
      from: Date.UTC(2026, 10, 20),
      to: Date.UTC(2026, 10, 21),
      step: 'hour',
    });
    expect(read({ from: '2026-11-22T13:00:00+01:00' })).toMatchObject({ to: NOW, step: 'minute' });
    expect(read({ from: '2026-01-01' })).toMatchObject({ step: 'day' });
  });

  it.each([
    [{ range: '2h' }, 'range must be one of: 15m, 1h, 24h, 7d, 30d'],
    [{ range: '1h', from: '2026-11-22' }, 'range cannot be given together with from or to'],
    [{ to: '2026-11-22' }, 'from is required with to'],
    [{ from: '2026-11-22', to: '2026-11-21' }, 'to must lie after from'],
    [
      { from: '2026-02-29' },
      'from is no date, as that month ends with 2026-02-28; it must be a day or a time with its zone, such as 2026-11-22T10:00:00Z',
    ],
    [{ from: 'yesterday' }, 'from must be a day or a time with its zone, such as 2026-11-22T10:00:00Z'],
    [
      { from: '2026-01-01', step: 'minute' },
      'step yields more than 2000 points for this range; use a longer step',
    ],
    [{ worker: 'w1', type: 'divide' }, 'worker cannot be given together with type or queue'],
    [{ by: 'worker', type: 'divide' }, 'by cannot be combined with this filter'],
    [{ bye: 'type' }, 'bye is not known here. Did you mean `by`?'],
  ])('refuses %j', (query, message) => {
    expect(() => read(query as Record<string, string>)).toThrow(RoostError);
    expect(() => read(query as Record<string, string>)).toThrow(message);
  });
});
