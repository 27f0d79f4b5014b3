import { describe, expect, it } from '@jest/globals';
import { inGroups, toMinuteChart, toSparkline } from '../../../../src/web/kit/minute-chart.js';
import { ago } from '../page-models/samples.js';

const chart = (values: [completed: number, failed: number][]) =>
  toMinuteChart(
    values.map(([completed, failed], i) => ({
      at: ago((values.length - 1 - i) * 60_000),
      completed,
      failed,
    })),
  );

describe('the chart of minutes', () => {
  it('stacks failures on what completed', () => {
    const { bars, baseline } = chart([[3, 1]]);
    const { completed, failed } = bars[0]!;
    expect(completed!.y + completed!.height).toBe(baseline);
    expect(failed!.y + failed!.height).toBeCloseTo(completed!.y);
    expect(completed!.height).toBeCloseTo(3 * failed!.height);
  });

  it.each([
    [1, '2 / min'],
    [2, '2 / min'],
    [5, '6 / min'],
    [41, '60 / min'],
    [1_001, '2,000 / min'],
  ])('with %d at most it ends at %s', (most, label) => {
    expect(
      chart([
        [most, 0],
        [0, 0],
      ]).levels[0]!.label,
    ).toBe(label);
  });

  it('prints the last value and spares it a label underneath', () => {
    const { last, levels } = chart([
      [40, 0],
      [20, 0],
    ]);
    expect(last.label).toBe('20');
    expect(levels.map((level) => level.label)).toEqual(['40 / min', '']);
  });

  it('keeps a single failure among many visible', () => {
    expect(chart([[10_000, 1]]).bars[0]!.failed!.height).toBeGreaterThanOrEqual(1.5);
  });

  it('shows in words what it draws', () => {
    expect(
      chart([
        [1, 0],
        [5, 2],
      ]).summary,
    ).toContain('6 completed, 2 failed; busiest at 10:00 UTC with 7');
    expect(chart([[0, 0]])).toMatchObject({ empty: true, summary: expect.stringContaining('none') });
  });

  it('survives having no minutes at all', () => {
    expect(toMinuteChart([])).toMatchObject({ bars: [], ticks: [], empty: true });
  });
});

describe('a sparkline', () => {
  it('spans its box', () => {
    expect(toSparkline([0, 5, 10])).toBe('0,23 50,12.5 100,2');
    expect(inGroups([1, 2, 3, 4, 5], 2)).toEqual([3, 7, 5]);
  });
});
