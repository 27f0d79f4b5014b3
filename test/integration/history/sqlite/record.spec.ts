import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Histogram } from '../../../../src/history/histogram.js';
import { attempt, NOON, StoreFixture, task, transition } from './store-fixture.js';

describe('recording', () => {
  let store: StoreFixture;
  beforeEach(() => void (store = new StoreFixture({ bodyLength: 5000 })));
  afterEach(() => store.remove());

  const numbers = (step: 'minute' | 'hour' | 'day' | 'all' = 'all', by?: 'type' | 'queue' | 'worker') =>
    store.engine.numbers({ from: 0, to: NOON + 1e9, step, ...(by ? { by } : {}) });

  it('keeps all there is to a task', () => {
    const outcome = store.record({
      cursors: { default: '5-0' },
      tasks: [
        task('a', {
          state: 'failed',
          error: { name: 'TypeError', message: 'no' },
          tags: ['x'],
          options: '{"delay":5}',
          origin: 'o',
          priority: 3,
          attemptsMade: 2,
          attemptsMax: 3,
          worker: 'w1',
          progress: { percent: 50, done: 1, total: 2 },
          expiresAt: NOON,
        }),
      ],
      attempts: [
        attempt('a', 1, { outcome: 'lost' }),
        attempt('a', 2, {
          outcome: 'failed',
          error: { name: 'TypeError', message: 'no', stack: 'TypeError: no\n    at f (/x/a.js:1:2)' },
        }),
      ],
      transitions: [
        transition('a', 'active', 2),
        transition('a', 'waiting', 1),
        transition('a', 'failed', 3, { attempt: 2, detail: 'gave up' }),
      ],
      logs: [{ queue: 'default', id: 'a', n: 4, at: 1, level: 'error', attempt: 2, text: 'hm' }],
      progress: [{ queue: 'default', id: 'a', at: 1, percent: 50, done: 1, total: 2, message: 'half' }],
    });
    expect(outcome).toEqual({ added: 1, changed: 0, removed: 0, orphans: 0 });
    store.reopen();
    expect(store.engine.cursors()).toEqual({ default: '5-0' });
    expect(store.engine.get('a')).toEqual({
      queue: 'default',
      id: 'a',
      type: 'divide',
      state: 'failed',
      input: '{"a":6,"b":3}',
      inputCut: false,
      inputBytes: 13,
      result: null,
      resultCut: false,
      resultBytes: 0,
      error: { name: 'TypeError', message: 'no', stack: 'TypeError: no\n    at f (/x/a.js:1:2)' },
      errorGroup: expect.stringMatching(/^[0-9a-f]{16}$/),
      progress: { percent: 50, done: 1, total: 2 },
      attemptsMade: 2,
      attemptsMax: 3,
      priority: 3,
      tags: ['x'],
      options: '{"delay":5}',
      createdAt: NOON - 60_000,
      delayUntil: null,
      expiresAt: NOON,
      startedAt: NOON - 50_000,
      finishedAt: NOON - 49_000,
      waitMs: 10_000,
      runMs: 1_000,
      worker: 'w1',
      origin: 'o',
      cancelled: null,
    });
    expect(store.engine.attempts('a').map(({ number, outcome }) => [number, outcome])).toEqual([
      [1, 'lost'],
      [2, 'failed'],
    ]);
    expect(store.engine.transitions('a').map(({ state, attempt: n, detail }) => [state, n, detail])).toEqual([
      ['waiting', undefined, undefined],
      ['active', undefined, undefined],
      ['failed', 2, 'gave up'],
    ]);
    expect(store.engine.logs('a', { limit: 10 })).toEqual({
      items: [{ n: 4, at: 1, level: 'error', attempt: 2, text: 'hm' }],
      total: 5,
    });
    expect(store.engine.progress('a')).toEqual([{ at: 1, percent: 50, done: 1, total: 2, message: 'half' }]);
    expect(store.engine.get('b')).toBeUndefined();
    expect(store.engine.attempts('b')).toEqual([]);
  });

  it('keeps an end that is known where it is told as lost later', () => {
    const attempt = { queue: 'default', id: 'a', number: 1, startedAt: NOON };
    store.record({ tasks: [task('a', { state: 'active' })], attempts: [{ ...attempt, outcome: 'lost' }] });
    store.record({ attempts: [{ ...attempt, outcome: 'failed', error: { name: 'E', message: 'no' } }] });
    store.record({ attempts: [{ ...attempt, outcome: 'lost' }] });
    expect(store.engine.attempts('a')).toMatchObject([{ outcome: 'failed', error: { message: 'no' } }]);
  });

  it('counts nothing twice when it is reported twice', () => {
    const batch = {
      tasks: [
        task('a', { state: 'failed', error: { name: 'E', message: 'm' }, attemptsMade: 2, worker: 'w1' }),
        task('b', { state: 'completed', result: '1' }),
      ],
      attempts: [
        attempt('a', 1, { outcome: 'failed', error: { name: 'E', message: 'm 1' } }),
        attempt('a', 2, { outcome: 'failed', error: { name: 'E', message: 'm 2' } }),
      ],
      transitions: [transition('a', 'failed', 7)],
      logs: [{ queue: 'default', id: 'a', n: 0, at: 1, level: 'info' as const, attempt: 1, text: 'said' }],
    };
    const once = store.record(batch);
    const seen = () => ({
      numbers: numbers(),
      errors: store.engine.errors({ limit: 10, now: NOON }),
      counts: store.engine.counts(null, NOON),
      transitions: store.engine.transitions('a'),
      found: store.ids('said'),
    });
    const before = seen();
    expect(before.numbers).toMatchObject([{ added: 2, completed: 1, failed: 1, retried: 1 }]);
    expect(before.errors).toMatchObject({ total: 1, items: [{ count: 2, message: 'm <n>' }] });
    expect(store.record(batch)).toEqual({ ...once, added: 0, changed: 2 });
    expect(seen()).toEqual(before);
  });

  it('follows a task through its states, keeping what it is not told again', () => {
    store.record({ tasks: [task('a')] });
    store.record({ tasks: [{ queue: 'default', id: 'a', state: 'active', startedAt: NOON, worker: 'w1' }] });
    expect(store.engine.get('a')).toMatchObject({ state: 'active', input: '{"a":6,"b":3}', worker: 'w1' });
    store.record({
      tasks: [
        {
          queue: 'default',
          id: 'a',
          state: 'completed',
          finishedAt: NOON + 5,
          result: '{"quotient":2}',
          runMs: 5,
        },
      ],
    });
    expect(store.ids('quotient')).toEqual([]);
    expect(store.ids('result.quotient:2 input.a:6 state:completed')).toEqual(['a']);
    expect(store.ids('result:2')).toEqual(['a']);

    store.record({ tasks: [{ queue: 'default', id: 'a', state: 'waiting' }] });
    expect(store.engine.get('a')).toMatchObject({
      state: 'waiting',
      result: null,
      finishedAt: null,
      runMs: null,
    });
    expect(store.ids('result.quotient:2')).toEqual([]);
    expect(store.ids('result:2')).toEqual([]);
    expect(store.engine.counts(null, NOON).byState).toEqual({ waiting: 1 });

    store.record({
      tasks: [
        {
          queue: 'default',
          id: 'a',
          state: 'failed',
          finishedAt: NOON + 9,
          error: { name: 'E', message: 'broken' },
        },
      ],
    });
    expect(store.ids('error:broken')).toEqual(['a']);
    expect(numbers()).toMatchObject([{ added: 1, completed: 1, failed: 1 }]);
    expect(store.engine.errors({ limit: 1, now: NOON }).items).toMatchObject([
      { count: 1, sample: 'broken' },
    ]);
  });

  it('distinguishes jobs of the same id in two queues', () => {
    store.record({
      tasks: [
        task('1', { queue: 'emails', createdAt: 5 }),
        task('1', { queue: 'Größe: 2', createdAt: 9, type: '__proto__' }),
      ],
    });
    expect(store.engine.get('1', 'emails')).toMatchObject({ queue: 'emails', createdAt: 5 });
    expect(store.engine.get('1')).toMatchObject({ queue: 'Größe: 2', type: '__proto__' });
    expect(store.engine.get('1', 'none')).toBeUndefined();
    expect(store.engine.counts(null, NOON).byQueue).toEqual({ emails: 1, 'Größe: 2': 1 });
    expect(store.ids('queue:"größe: 2"')).toEqual(['1']);
    store.record({ tasks: [], removed: [{ queue: 'emails', id: '1' }] });
    expect(store.page('').items).toMatchObject([{ queue: 'Größe: 2' }]);
  });

  it('keeps big bodies whole for the task, cut for lists and up to a limit', () => {
    const text = 'lorem ipsum '.repeat(200);
    store.record({
      tasks: [
        task('big', {
          state: 'completed',
          input: JSON.stringify({ text, last: 7 }),
          result: JSON.stringify({ text: 'x'.repeat(9000) }),
        }),
        task('cut', { input: '{"text":"beg', inputBytes: 70_000 }),
      ],
    });
    const [listed] = store.page('id:big').items;
    expect(listed).toMatchObject({ inputCut: true, resultCut: true });
    expect(listed!.input).toHaveLength(1000);
    const whole = store.engine.get('big')!;
    expect(JSON.parse(whole.input!)).toEqual({ text, last: 7 });
    expect(whole).toMatchObject({ inputCut: false, resultCut: true, resultBytes: 9011 });
    expect(whole.result).toHaveLength(5000);
    expect(store.engine.get('cut')).toMatchObject({
      input: '{"text":"beg',
      inputCut: true,
      inputBytes: 70_000,
    });
    expect(store.ids('input.last:7')).toEqual(['big']);
    // Told again with a state only, the index still knows the whole.
    store.record({ tasks: [{ queue: 'default', id: 'big', state: 'completed', tags: ['t'] }] });
    expect(store.ids('input.last:7 tag:t')).toEqual(['big']);
    expect(store.engine.get('big')!.input).toBe(whole.input);
  });

  it('leaves out rows of tasks it does not know', () => {
    const outcome = store.record({
      attempts: [attempt('x', 1)],
      transitions: [transition('x', 'active', 1)],
      removed: [{ queue: 'default', id: 'x' }],
    });
    expect(outcome).toEqual({ added: 0, changed: 0, removed: 0, orphans: 2 });
  });

  it('writes nothing of a batch that fails, and goes on with the next', () => {
    const broken = task('b', { createdAt: Symbol('no') as unknown as number });
    expect(() =>
      store.engine.record({
        cursors: { q: '1-0' },
        tasks: [task('a', { type: 'fresh' }), broken],
        attempts: [],
        transitions: [],
        logs: [],
        progress: [],
        removed: [],
      }),
    ).toThrow();
    expect(store.engine.cursors()).toEqual({});
    expect(store.ids('')).toEqual([]);
    store.record({ tasks: [task('c', { type: 'fresh' })] });
    expect(store.ids('type:fresh')).toEqual(['c']);
    expect(numbers()).toMatchObject([{ added: 1 }]);
  });

  it('takes whatever stands in a job', () => {
    store.record({
      tasks: [
        task('odd', {
          input: 'not json {',
          type: 'a\0b',
          tags: ['\ud800', 'ä'],
          createdAt: Number.NaN,
          attemptsMade: Infinity,
          worker: '',
        }),
        task('deep', { input: '['.repeat(5000) + ']'.repeat(5000), createdAt: -5 }),
        task('keys', {
          input: JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i]))),
          createdAt: 1e300,
        }),
        task('proto', { input: '{"__proto__":{"x":1},"constructor":2}' }),
      ],
      logs: [{ queue: 'default', id: 'odd', n: 0, at: 0, level: 'info', attempt: 1, text: 'a\0b\ud800' }],
    });
    expect(store.engine.counts(null, NOON).total).toBe(4);
    expect(store.ids('input.constructor:2')).toEqual(['proto']);
    expect(store.ids('input.__proto__.x:1')).toEqual(['proto']);
    expect(store.ids('input.k3:3')).toEqual(['keys']);
    expect(store.engine.logs('odd', { limit: 1 }).items[0]!.text).toBe('a\u2400b\ufffd');
    expect(store.ids('input:json')).toEqual(['odd']);
  });

  it('numbers more tasks of one millisecond than it has numbers for', () => {
    const many = (prefix: string, createdAt: number, n: number) =>
      Array.from({ length: n }, (_, i) => task(`${prefix}${i}`, { createdAt }));
    store.record({ tasks: [...many('a', NOON, 1500), ...many('b', NOON + 1, 700)] });
    store.record({ tasks: [...many('c', NOON, 1500), ...many('d', NOON - 1, 3)] });
    expect(store.page('', 1)).toMatchObject({ total: 3703 });
    expect(new Set(store.allPages('', 1000).map(({ id }) => id)).size).toBe(3703);
    expect(store.page('created:2026-11-22T12:00:00.000', 1)).toMatchObject({ total: 3000 });
    expect(store.ids('created:2026-11-22T11:59:59.999')).toHaveLength(3);
  });

  it('keeps the last thousand lines and thins out the samples of progress', () => {
    store.record({ tasks: [task('a')] });
    for (let n = 0; n < 1200; n += 100) {
      store.record({
        logs: Array.from({ length: 100 }, (_, i) => ({
          queue: 'default',
          id: 'a',
          n: n + i,
          at: n,
          level: 'info' as const,
          attempt: 1,
          text: `line ${n + i}`,
        })),
        progress: Array.from({ length: 50 }, (_, i) => ({
          queue: 'default',
          id: 'a',
          at: n * 10 + i,
          percent: 1,
        })),
      });
    }
    const { items, total } = store.engine.logs('a', { limit: 1000 });
    expect([items[0]!.n, items.length, total]).toEqual([200, 1000, 1200]);
    const samples = store.engine.progress('a');
    expect(samples.length).toBeLessThanOrEqual(240);
    expect(samples.length).toBeGreaterThan(100);
  });

  it('counts by minute, hour and day, and by type, queue and worker', () => {
    store.record({
      tasks: [
        task('a', { state: 'completed', finishedAt: NOON, waitMs: 10, runMs: 100, worker: 'w1' }),
        task('b', { state: 'completed', finishedAt: NOON + 59_000, waitMs: 30, runMs: 300, worker: 'w2' }),
        task('c', {
          state: 'failed',
          type: 'other',
          queue: 'slow',
          finishedAt: NOON + 61_000,
          waitMs: 50,
          runMs: 500,
          worker: 'w1',
        }),
        task('d', { state: 'cancelled', finishedAt: NOON + 3_600_000, waitMs: null, runMs: null }),
      ],
    });
    expect(
      numbers('minute').map(({ at, added, completed, failed, cancelled }) => [
        at - NOON,
        added,
        completed,
        failed,
        cancelled,
      ]),
    ).toEqual([
      [-60_000, 4, 0, 0, 0],
      [0, 0, 2, 0, 0],
      [60_000, 0, 0, 1, 0],
      [3_600_000, 0, 0, 0, 1],
    ]);
    expect(numbers('hour')).toHaveLength(3);
    const [day] = numbers('day');
    expect(day).toMatchObject({
      at: NOON - 12 * 3_600_000,
      completed: 2,
      failed: 1,
      run: { count: 3, sumMs: 900 },
    });
    expect(Histogram.decode(day!.run.histogram).quantile(0.5)! / 300).toBeCloseTo(1, 1);
    const byName = (by: 'type' | 'queue' | 'worker') =>
      numbers('all', by)
        .map(({ name, completed, failed }) => [name, completed, failed])
        .sort();
    expect(byName('type')).toEqual([
      ['divide', 2, 0],
      ['other', 0, 1],
    ]);
    expect(byName('queue')).toEqual([
      ['default', 2, 0],
      ['slow', 0, 1],
    ]);
    expect(byName('worker')).toEqual([
      ['w1', 1, 1],
      ['w2', 1, 0],
    ]);
    expect(store.engine.numbers({ from: 0, to: NOON * 2, step: 'all', type: 'none' })).toEqual([]);
  });

  it('opens a resolved error again when it comes back, and lets an ignored one rest', () => {
    const failing = (id: string, at: number) => ({
      tasks: [task(id, { state: 'failed', finishedAt: at, error: { name: 'E', message: `no ${id}` } })],
      attempts: [
        attempt(id, 1, {
          outcome: 'failed' as const,
          finishedAt: at,
          error: { name: 'E', message: `no ${id}` },
        }),
      ],
    });
    store.record(failing('1', NOON));
    const { fingerprint } = store.engine.errors({ limit: 1, now: NOON }).items[0]!;
    const state = () => store.engine.error(fingerprint)!.state;
    expect(store.engine.markError('none', { state: 'resolved', by: 'ada', at: NOON })).toBe(false);
    expect(
      store.engine.markError(fingerprint, { state: 'resolved', by: 'ada', at: NOON + 10, note: 'fixed' }),
    ).toBe(true);
    store.record(failing('2', NOON + 5));
    expect(state()).toBe('resolved');
    store.record(failing('3', NOON + 3_600_000));
    expect(store.engine.error(fingerprint)).toMatchObject({
      state: 'regressed',
      note: 'fixed',
      by: 'ada',
      count: 3,
      firstSeenAt: NOON,
      workers: [{ worker: 'w1', count: 3 }],
      hours: [
        { at: NOON, count: 2 },
        { at: NOON + 3_600_000, count: 1 },
      ],
    });
    expect(store.engine.error(fingerprint)!.trend.slice(-2)).toEqual([2, 1]);
    store.engine.markError(fingerprint, { state: 'ignored', by: 'ada', at: NOON });
    store.record(failing('4', NOON + 4e6));
    expect(state()).toBe('ignored');
    expect(store.engine.errors({ states: ['open'], limit: 5, now: NOON }).total).toBe(0);
    expect(
      store.engine.errors({ states: ['ignored'], type: 'divide', sort: 'count', limit: 5, now: NOON }).total,
    ).toBe(1);
  });
});
