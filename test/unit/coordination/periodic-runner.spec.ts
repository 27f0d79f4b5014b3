import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PeriodicRunner, type PeriodicOptions } from '../../../src/coordination/periodic-runner.js';

describe('PeriodicRunner', () => {
  let logged: [string, string][];
  let runner: PeriodicRunner;
  beforeEach(() => {
    jest.useFakeTimers();
    logged = [];
  });
  afterEach(async () => {
    await runner.stop();
    jest.useRealTimers();
  });

  const create = (act: (signal: AbortSignal) => unknown, more: Partial<PeriodicOptions> = {}) =>
    (runner = new PeriodicRunner(act, {
      name: 'the sweep',
      everyMs: 1000,
      log: {
        debug: (_: object, text: string) => void logged.push(['debug', text]),
        warn: (_: object, text: string) => void logged.push(['warn', text]),
      } as PeriodicOptions['log'],
      ...more,
    }));
  const ticks = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  it('runs at once and then again an interval after the end of each run', async () => {
    const at: number[] = [];
    const startedAt = performance.now();
    await create(async () => {
      at.push(performance.now() - startedAt);
      if (at.length > 1) await new Promise((resolve) => setTimeout(resolve, 400));
    }).start();
    await ticks(3500);
    expect(at).toEqual([0, 1000, 2400]);
  });

  it('never overlaps runs, however long they take and whoever triggers them', async () => {
    let [active, most, runs] = [0, 0, 0];
    void create(async () => {
      runs++;
      most = Math.max(most, ++active);
      await new Promise((resolve) => setTimeout(resolve, 2500));
      active--;
    }).start();
    runner.trigger();
    await ticks(3000);
    runner.trigger();
    await ticks(10_000);
    expect([most, runs]).toEqual([1, 5]);
    await Promise.all([runner.stop(), ticks(2500)]);
    expect(active).toBe(0);
  });

  it('logs a failed run, thrown or rejected, and still does the next', async () => {
    let runs = 0;
    await create(() => {
      if (++runs === 1) throw new Error('thrown');
      if (runs === 2) return Promise.reject(new Error('rejected'));
      return undefined;
    }).start();
    expect(logged).toEqual([['warn', 'the sweep failed; trying again']]);
    await ticks(2100);
    expect([runs, logged.length]).toEqual([3, 2]);
  });

  it('logs at the level of the options', async () => {
    await create(() => Promise.reject(new Error('away')), { level: 'debug' }).start();
    expect(logged).toEqual([['debug', 'the sweep failed; trying again']]);
  });

  it('waits for the run in progress when stopped, tells it to end, and runs no more', async () => {
    let runs = 0;
    let finish: () => void = () => undefined;
    let signal: AbortSignal | undefined;
    void create((one) => {
      runs++;
      signal = one;
      return new Promise<void>((resolve) => (finish = resolve));
    }).start();
    runner.trigger();
    let isStopped = false;
    const stopping = runner.stop().then(() => (isStopped = true));
    await ticks(5000);
    expect([signal?.aborted, isStopped]).toEqual([true, false]);
    finish();
    await stopping;
    runner.trigger();
    await ticks(5000);
    expect([runs, jest.getTimerCount()]).toEqual([1, 0]);
  });

  it('can be stopped by its own run', async () => {
    let runs = 0;
    await create(() => {
      runs++;
      void runner.stop();
    }).start();
    await ticks(5000);
    expect(runs).toBe(1);
  });

  it('runs again after another start', async () => {
    let runs = 0;
    await create(() => runs++).start();
    await runner.stop();
    await runner.start();
    await ticks(1000);
    expect(runs).toBe(3);
  });

  it('runs at once when triggered, and exactly once more after a run in progress', async () => {
    const at: number[] = [];
    const startedAt = performance.now();
    await create(async () => {
      at.push(performance.now() - startedAt);
      if (at.length === 2) await new Promise((resolve) => setTimeout(resolve, 100));
    }).start();
    await ticks(300);
    runner.trigger();
    await ticks(50);
    runner.trigger();
    runner.trigger();
    await ticks(1500);
    expect(at).toEqual([0, 300, 401, 1401]);
  });

  it('asks for the interval after each run', async () => {
    let [runs, everyMs] = [0, 100];
    await create(() => (everyMs = ++runs * 1000), { everyMs: () => everyMs }).start();
    await ticks(2900);
    expect(runs).toBe(2);
    await ticks(200);
    expect(runs).toBe(3);
  });

  it('does not keep the process alive', async () => {
    jest.useRealTimers();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await create(() => undefined).start();
    expect(timers()).toBe(before);
    const control = setTimeout(() => undefined, 1000);
    expect(timers()).toBe(before + 1);
    clearTimeout(control);
  });
});
