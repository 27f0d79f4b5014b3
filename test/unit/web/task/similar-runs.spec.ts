import { describe, expect, it } from '@jest/globals';
import { toSimilarRuns } from '../../../../src/web/task/similar-runs.js';
import { sampleTask } from '../page-models/samples.js';

const runs = (...lengths: number[]) =>
  lengths.map((runMs, i) => ({ id: `t${i}`, state: 'completed' as const, runMs }));
const hundred = runs(...Array.from({ length: 100 }, (_, i) => (i + 1) * 10));
const place = (text: string) => Number.parseFloat(text);

describe('similar runs', () => {
  it('show where this one lies among them', () => {
    expect(toSimilarRuns(sampleTask({ runMs: 935 }), hundred)!.verdict).toBe('slower than 93 of 100');
    expect(toSimilarRuns(sampleTask({ runMs: 15 }), hundred)!.verdict).toBe('quicker than 99 of 100');
    expect(toSimilarRuns(sampleTask({ runMs: 10 }), runs(10, 10))!.verdict).toBe('as quick as the other 2');
    const active = sampleTask({ state: 'active', runMs: 2_000 });
    expect(toSimilarRuns(active, hundred)!.verdict).toBe('runs longer already than 100 of 100');
    expect(toSimilarRuns(sampleTask({ state: 'waiting', runMs: undefined }), hundred)).toMatchObject({
      verdict: 'the last 100 runs',
      own: undefined,
    });
  });

  it('lie on the strip by their length', () => {
    const { dots, own } = toSimilarRuns(sampleTask({ runMs: 500 }), runs(100, 200, 900))!;
    expect(dots.map(({ x }) => place(x))).toEqual([...dots.map(({ x }) => place(x))].sort((a, b) => a - b));
    expect(place(own!.x)).toBe(50);
  });

  it('lie by their logarithm where some are far longer', () => {
    const { dots } = toSimilarRuns(sampleTask({ runMs: 1 }), runs(1, 1_000, 1_000_000))!;
    expect(dots.map(({ x }) => Math.round(place(x)))).toEqual([2, 50, 99]);
  });

  it('lead to their tasks, and to the list behind them', () => {
    const links = { ...sampleTask().links, page: '/tasks/1?queue=bull%3Amail' };
    const similar = toSimilarRuns(sampleTask({ type: 'send "x"', queue: 'bull:mail', links }), runs(1))!;
    expect(similar.dots[0]!.href).toBe('/tasks/t0?queue=bull%3Amail');
    expect(new URL(similar.href, 'http://x').searchParams.get('q')).toBe(
      'type:"send \\"x\\"" queue:"bull:mail" (state:completed OR state:failed) sort:-run',
    );
  });

  it('are left out where there are none', () => {
    expect(toSimilarRuns(sampleTask(), [])).toBeUndefined();
  });
});
