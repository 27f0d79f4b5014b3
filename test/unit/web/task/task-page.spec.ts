import { describe, expect, it } from '@jest/globals';
import type { LogLine, TaskView } from '../../../../src/model/task-view.js';
import { type TaskParts, toTaskPage } from '../../../../src/web/task/task-page.js';
import { ago, NOW, sampleTask } from '../page-models/samples.js';

const page = (
  task: TaskView,
  parts: Partial<TaskParts> = {},
  view: { level?: string; allLines?: boolean } = {},
) =>
  toTaskPage(
    { task, attempts: [], transitions: [], logs: { items: [], total: 0 }, ...parts },
    { now: NOW, baseUrl: 'http://localhost:5000', ...view },
  );
const failure = { name: 'Error', message: 'boom', stack: 'Error: boom\n    at x' };
const failed = (parts: Partial<TaskView>) => page(sampleTask({ state: 'failed', error: failure, ...parts }));

describe('what can be done with a task', () => {
  it.each([
    ['waiting', ['cancel', 'delete']],
    ['delayed', ['cancel', 'promote', 'delete']],
    ['active', ['cancel']],
    ['completed', ['delete']],
    ['failed', ['retry', 'delete']],
    ['cancelled', ['retry', 'delete']],
    ['expired', ['retry', 'delete']],
  ] as const)('%s: %j', (state, expected) => {
    const { acts } = page(sampleTask({ state }));
    const offered = (['cancel', 'retry', 'promote', 'delete'] as const).filter((act) => acts[act]);
    expect(offered.sort()).toEqual([...expected].sort());
  });

  it('fills a new form from any task', () => {
    expect(page(sampleTask({ id: 't1' })).acts.rerun).toBe('/submit?type=divide&from=t1');
  });
});

describe('progress', () => {
  const running = (parts: Partial<TaskView>) =>
    page(sampleTask({ state: 'active', finishedAt: undefined, ...parts })).progress;

  it('shows how far, and roughly how long still', () => {
    const progress = { percent: 25, done: 1, total: 4, message: 'one' };
    expect(running({ progress, runMs: 10_000 })).toMatchObject({
      value: 25,
      percent: '25 %',
      count: { done: 1, total: 4 },
      leftMs: 30_000,
    });
  });

  it('never rounds up to done', () => {
    expect(running({ progress: { percent: 99.9 }, runMs: 10_000 })?.percent).toBe('99 %');
  });

  it('does not guess the time left from too little', () => {
    expect(running({ progress: { percent: 1 }, runMs: 60_000 })?.leftMs).toBeUndefined();
    expect(running({ progress: { percent: 50 }, runMs: 400 })?.leftMs).toBeUndefined();
    expect(running({ progress: { percent: 99 }, runMs: 10_000 })?.leftMs).toBeUndefined();
  });

  it('shows a running task that reports none as running', () => {
    expect(running({ progress: null })).toMatchObject({ value: undefined, percent: undefined });
  });

  it('has no bar for a task that never reported any', () => {
    expect(page(sampleTask()).progress).toBeUndefined();
  });
});

describe('an error and what comes next', () => {
  it('reports the attempt that comes, and when', () => {
    const task = sampleTask({ state: 'delayed', attempts: { made: 2, max: 5 }, delayUntil: ago(-5_000) });
    const attempts = [{ number: 2, outcome: 'failed' as const, error: failure }];
    expect(page(task, { attempts }).error).toMatchObject({
      message: 'boom',
      next: { text: 'Attempt 3 of 5 is due', at: ago(-5_000) },
    });
  });

  it('reports attempts that were left because they could not help', () => {
    const text = failed({ attempts: { made: 1, max: 3 } }).error?.next?.text;
    expect(text).toContain('Not tried again after attempt 1 of 3');
    const permanent = failed({ error: { ...failure, name: 'PermanentError' } }).error?.next?.text;
    expect(permanent).toContain('Submit it again with edits');
  });

  it('shows when all attempts are used up', () => {
    expect(failed({ attempts: { made: 3, max: 3 } }).error?.next?.text).toContain('All 3 attempts were made');
  });

  it('is gone once a later attempt made it', () => {
    const attempts = [{ number: 1, outcome: 'failed' as const, error: failure }];
    expect(page(sampleTask({ attempts: { made: 2, max: 3 } }), { attempts }).error).toBeUndefined();
  });
});

describe('what stands where nothing has run', () => {
  it('shows who cancelled it, and why', () => {
    const cancelled = { by: 'web page', at: ago(1_000), reason: 'wrong file' };
    expect(page(sampleTask({ state: 'cancelled', cancelled })).note).toEqual({
      title: 'Cancelled',
      text: 'wrong file',
      by: 'web page',
      byAt: ago(1_000),
    });
  });

  it('shows what a task waits for', () => {
    const fresh = { attempts: { made: 0, max: 1 }, startedAt: undefined, finishedAt: undefined };
    expect(page(sampleTask({ state: 'waiting', ...fresh })).note?.text).toContain('queue default');
    expect(page(sampleTask({ state: 'delayed', delayUntil: ago(-9_000), ...fresh })).note?.at).toBe(
      ago(-9_000),
    );
  });
});

describe('the log', () => {
  const line = (n: number, level: LogLine['level']): LogLine => ({
    n,
    level,
    at: ago(0),
    attempt: 1,
    text: `line ${n}`,
  });
  const logs = { items: [line(7, 'debug'), line(8, 'info'), line(9, 'error')], total: 10 };

  it('shows how many older lines there are', () => {
    expect(page(sampleTask(), { logs }).log).toMatchObject({ hidden: 7, total: 10, filtered: false });
  });

  it('shows the lines of a level and above', () => {
    const { log } = page(sampleTask(), { logs }, { level: 'info' });
    expect(log.lines.map((one) => one.n)).toEqual([8, 9]);
    expect(log.levels.filter((one) => one.current).map((one) => one.label)).toEqual(['Info']);
  });

  it('shows all lines for a level there is not', () => {
    expect(page(sampleTask(), { logs }, { level: 'loud' }).log.lines).toHaveLength(3);
  });
});

describe('the result', () => {
  it('is whole, and null is one too', () => {
    expect(page(sampleTask()).result?.json).toBe('{\n  "quotient": 2.5\n}');
    expect(page(sampleTask({ result: null })).result?.json).toBe('null');
    expect(failed({}).result).toBeUndefined();
  });
});

describe('the attempt that is counted', () => {
  it('includes the one that runs', () => {
    const attempts = { made: 1, max: 3 };
    expect(page(sampleTask({ state: 'active', attempts })).facts.attempts).toBe('2 of 3');
    expect(page(sampleTask({ state: 'failed', attempts })).facts.attempts).toBe('1 of 3');
  });
});
