import { describe, expect, it } from '@jest/globals';
import { zoomRange } from '../../../../src/monitoring/stats/stats-ranges.js';
import { toNumbers } from '../../../../src/monitoring/stats/stats-view.js';
import { toTimeCharts } from '../../../../src/web/monitor/time-charts.js';
import { sampleRange, sampleSpan } from '../fake-numbers.js';
import { NOW } from '../page-models/samples.js';
import { present, sampleFacts, sampleOutlook, worker } from './health-samples.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Fifteen minutes; in each, `added` came in and as many as `ended` completed. */
function quarter(added: number, ended: number) {
  const sample = sampleRange('15m', 'type', NOW + 30_000);
  const numbers = toNumbers(sampleSpan({ added, completed: ended, failed: 0 }));
  return { ...sample, versions: [], bars: sample.bars.map(({ at }) => ({ at, ...numbers })) };
}

describe('the charts of the overview', () => {
  const facts = sampleFacts({ present: present({ waiting: 40, active: 5 }) });

  it('have one time axis', () => {
    const { finished, lines } = toTimeCharts(quarter(5, 3), facts);
    const times = finished.chart.bars.map(({ at, to, x }) => [at, to, x]);
    expect(lines.map(({ id }) => id)).toEqual(['chart-backlog', 'chart-wait', 'chart-run']);
    for (const { chart } of lines) {
      expect(chart.slots.map(({ at, to, x }) => [at, to, x])).toEqual(times);
      expect(chart.ticks).toEqual(finished.chart.ticks);
    }
    expect(finished.chart.bars[0]!.title).toMatch(/: 3 completed, .*, 5 came in$/);
  });

  it('compute the backlog back from now, and never below nothing', () => {
    const titles = (added: number, ended: number) =>
      toTimeCharts(quarter(added, ended), facts).lines[0]!.chart.slots.map(({ title }) =>
        Number(title.split(': ')[1]),
      );
    expect(titles(5, 3)).toEqual([17, 19, 21, 23, 25, 27, 29, 31, 33, 35, 37, 39, 41, 43, 45]);
    expect(titles(9, 3).slice(0, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 3]);
  });

  it('leave the backlog out where it is not known', () => {
    const ids = (numbers: ReturnType<typeof quarter>, known = facts) =>
      toTimeCharts(numbers, known).lines.map(({ id }) => id);
    expect(ids(quarter(1, 1), sampleFacts({ present: undefined, outlooks: [] }))).not.toContain(
      'chart-backlog',
    );
    const range = zoomRange({ from: NOW - 2 * HOUR, to: NOW - HOUR }, NOW);
    expect(ids({ ...quarter(1, 1), range })).not.toContain('chart-backlog');
  });

  it('mark deploys, pauses and lost workers where they happened', () => {
    const lost = worker('b', {
      ...{ status: 'offline', left: 'lost: it stopped without a report' },
      lastSeenAt: new Date(NOW - 3 * MINUTE).toISOString(),
    });
    const marked = sampleFacts({
      present: present({}, { workers: [worker('a'), lost] }),
      outlooks: [sampleOutlook({ pauses: [NOW - 6 * MINUTE, NOW - 3 * HOUR] })],
    });
    const numbers = { ...quarter(1, 1), versions: [{ version: '1.6.0', firstSeenAt: NOW - 9 * MINUTE }] };
    const { finished, lines } = toTimeCharts(numbers, marked);
    expect(finished.chart.marks.map(({ kind, title, x }) => [kind, title, x])).toEqual([
      ['deploy', '1.6.0 first seen 2026-11-23 09:51 UTC', '33.33%'],
      ['pause', 'cpu paused 2026-11-23 09:54 UTC', '53.33%'],
      ['lost', 'Worker b last seen 2026-11-23 09:57 UTC', '73.33%'],
    ]);
    for (const { chart } of lines) expect(chart.marks).toEqual(finished.chart.marks);
  });
});

describe('a zoomed time', () => {
  it.each([
    [10 * MINUTE, 0, MINUTE, 'minute', 10],
    [3 * HOUR, 0, 5 * MINUTE, 'minute', 36],
    // Minutes are no longer stored that far back.
    [3 * HOUR, 90 * HOUR, HOUR, 'hour', 3],
    [40 * 24 * HOUR, 0, 12 * HOUR, 'hour', 80],
    [300 * 24 * HOUR, 0, 24 * HOUR, 'day', 300],
  ] as const)('of %d ms, %d ms ago, has bars of %d ms', (length, ago, barMs, step, bars) => {
    const to = Date.UTC(2026, 10, 23) - ago;
    const range = zoomRange({ from: to - length, to }, Date.UTC(2026, 10, 23));
    expect(range).toMatchObject({ barMs, step, bars });
  });
});
