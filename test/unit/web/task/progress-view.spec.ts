import { describe, expect, it } from '@jest/globals';
import type { TaskView } from '../../../../src/model/task-view.js';
import { toProgress } from '../../../../src/web/task/progress-view.js';
import { ago, NOW, sampleTask } from '../page-models/samples.js';

const samples = (...seen: [msAgo: number, percent: number][]) =>
  seen.map(([ms, percent]) => ({ at: ago(ms), percent, done: percent }));
const running = (
  parts: Partial<TaskView>,
  seen: { at: string; percent: number | null; done: number }[] = [],
) =>
  toProgress(
    sampleTask({ state: 'active', startedAt: ago(60_000), runMs: 60_000, finishedAt: undefined, ...parts }),
    seen,
    NOW,
  );

describe('the time left', () => {
  it('goes by the recent rate, not by the whole run', () => {
    // Half of it in the first ten seconds, then one percent a second.
    const seen = samples([60_000, 0], [50_000, 50], [20_000, 60], [10_000, 70], [1_000, 79]);
    const left = running({ progress: { percent: 79 } }, seen)!.leftMs!;
    expect(left).toBeGreaterThan(18_000);
    expect(left).toBeLessThan(22_000);
  });

  it('is not shown where nothing moves', () => {
    const seen = samples([60_000, 0], [59_000, 10], [58_000, 20]);
    expect(running({ progress: { percent: 20 } }, seen)).toMatchObject({
      unknown: 'no progress for 58.0 s',
    });
    expect(running({ progress: { percent: 20 } }, seen)?.leftMs).toBeUndefined();
  });

  it('is not shown where the total is not known', () => {
    expect(running({ progress: { percent: null, done: 7 } })?.unknown).toContain('the total is not known');
  });

  it('waits for a slow one whose last word is no older than usual', () => {
    const seen = samples([60_000, 0], [45_000, 10], [30_000, 20], [15_000, 30]);
    expect(running({ progress: { percent: 30 } }, seen)!.unknown).toBeUndefined();
    expect(running({ progress: { percent: 30 } }, seen)!.leftMs).toBeGreaterThan(60_000);
  });

  it('does not count what an earlier attempt had reached', () => {
    const seen = samples([90_000, 90], [80_000, 95], [30_000, 10], [20_000, 20], [10_000, 30]);
    expect(running({ progress: { percent: 30 } }, seen)!.leftMs).toBeGreaterThan(50_000);
  });
});

describe('progress over time', () => {
  it('is drawn from the start of the run until now', () => {
    const chart = running(
      { progress: { percent: 80 } },
      samples([45_000, 20], [30_000, 40], [15_000, 60]),
    )!.chart!;
    expect(chart.line).toBe('0,100 25,80 50,60 75,40 100,20 100,20');
    expect(chart).toMatchObject({ startedAt: ago(60_000), endedAt: undefined, top: '100 %' });
    expect(chart.summary).toContain('80 % after 1 m 00 s');
  });

  it('is drawn by what is done where there is no total', () => {
    const seen = [45_000, 30_000, 15_000].map((ms, i) => ({
      at: ago(ms),
      percent: null,
      done: 10 * (i + 1),
    }));
    expect(running({ progress: { percent: null, done: 30 } }, seen)!.chart!.top).toBe('30');
  });

  it('is left out where a bar says as much', () => {
    expect(running({ progress: { percent: 50 } }, samples([30_000, 20]))!.chart).toBeUndefined();
  });
});
