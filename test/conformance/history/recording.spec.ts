import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Histogram } from '../../../src/history/histogram.js';
import { ADAPTERS } from './adapters.js';
import { HistoryFixture } from './history-fixture.js';
import { attempt, emptyBatch, NOON, task, transition } from '../../support/history-rows.js';

describe.each(ADAPTERS)('recording ($name)', (adapter) => {
  let history: HistoryFixture;
  beforeEach(async () => {
    history = await HistoryFixture.open(adapter, { bodyLength: 5000 });
  });
  afterEach(() => history.remove());

  const numbers = (step: 'minute' | 'hour' | 'day' | 'all' = 'all', by?: 'type' | 'queue' | 'worker') =>
    history.store.numbers({ from: 0, to: NOON + 1e9, step, ...(by ? { by } : {}) });

  it('keeps all there is to a task', async () => {
    const outcome = await history.record({
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
    expect(await (await history.history.again()).cursors()).toEqual({ default: '5-0' });
    expect(await history.store.get('a')).toEqual({
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
    expect((await history.store.attempts('a')).map(({ number, outcome }) => [number, outcome])).toEqual([
      [1, 'lost'],
      [2, 'failed'],
    ]);
    expect(
      (await history.store.transitions('a')).map(({ state, attempt: n, detail }) => [state, n, detail]),
    ).toEqual([
      ['waiting', undefined, undefined],
      ['active', undefined, undefined],
      ['failed', 2, 'gave up'],
    ]);
    expect(await history.store.logs('a', { limit: 10 })).toEqual({
      items: [{ n: 4, at: 1, level: 'error', attempt: 2, text: 'hm' }],
      total: 5,
    });
    expect(await history.store.progress('a')).toEqual([
      { at: 1, percent: 50, done: 1, total: 2, message: 'half' },
    ]);
    expect(await history.store.get('b')).toBeUndefined();
    expect(await history.store.attempts('b')).toEqual([]);
  });

  it('keeps an end that is known where it is told as lost later', async () => {
    const attempt = { queue: 'default', id: 'a', number: 1, startedAt: NOON };
    await history.record({
      tasks: [task('a', { state: 'active' })],
      attempts: [{ ...attempt, outcome: 'lost' }],
    });
    await history.record({
      attempts: [{ ...attempt, outcome: 'failed', error: { name: 'E', message: 'no' } }],
    });
    await history.record({ attempts: [{ ...attempt, outcome: 'lost' }] });
    expect(await history.store.attempts('a')).toMatchObject([
      { outcome: 'failed', error: { message: 'no' } },
    ]);
  });

  it('shows the attempt of a completed task, also after it runs again', async () => {
    const completed = {
      tasks: [task('a', { state: 'completed', result: '1', worker: 'w1', attemptsMade: 1 })],
      attempts: [attempt('a', 1, { version: '1.2' })],
    };
    const first = {
      number: 1,
      worker: 'w1',
      startedAt: NOON - 50_000,
      finishedAt: NOON - 49_000,
      outcome: 'completed',
      error: null,
      version: '1.2',
    };
    await history.record(completed);
    expect(await history.store.attempts('a')).toEqual([first]);
    await history.record(completed);
    expect(await history.store.attempts('a')).toEqual([first]);
    const startedAt = NOON - 20_000;
    await history.record({
      tasks: [task('a', { state: 'active', worker: 'w2', startedAt, attemptsMade: 0 })],
      attempts: [
        { queue: 'default', id: 'a', number: 1 },
        { queue: 'default', id: 'a', number: 2, worker: 'w2', startedAt },
      ],
    });
    const second = { number: 2, worker: 'w2', startedAt, finishedAt: null, outcome: null };
    expect(await history.store.attempts('a')).toEqual([first, { ...second, error: null, version: null }]);
    expect(await numbers()).toMatchObject([{ added: 1, completed: 1, retried: 1 }]);
  });

  it('shows an attempt that differs from its task, and one that is reported in two parts', async () => {
    await history.record({
      tasks: [
        task('a', { state: 'completed', worker: 'w1' }),
        task('b', { state: 'completed', worker: 'w1' }),
      ],
      attempts: [
        attempt('a', 1, { finishedAt: NOON - 48_000 }),
        attempt('b', 1, { version: '7' }),
        { queue: 'default', id: 'b', number: 1, worker: 'w3' },
      ],
    });
    expect(await history.store.attempts('a')).toMatchObject([{ number: 1, finishedAt: NOON - 48_000 }]);
    expect(await history.store.attempts('b')).toMatchObject([
      { number: 1, worker: 'w3', startedAt: NOON - 50_000, outcome: 'completed', version: '7' },
    ]);
  });

  it('shows each of many transitions once, in their order', async () => {
    const all = Array.from({ length: 40 }, (_, n) =>
      transition('a', n % 2 === 0 ? 'waiting' : 'active', NOON + Math.floor(n / 2), {
        seq: n % 2,
        ...(n % 2 === 0 ? {} : { attempt: (n + 1) / 2, detail: `start "${n}"` }),
      }),
    );
    for (const [from, to] of [
      [6, 12],
      [0, 9],
      [9, 30],
      [25, 40],
    ])
      // prettier-ignore
      await history.record({ tasks: [task('a')], transitions: all.slice(from, to) });
    expect(await history.store.transitions('a')).toEqual(all.map(({ queue: _, id: __, ...shown }) => shown));
  });

  it('counts nothing twice when it is reported twice', async () => {
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
    const once = await history.record(batch);
    const seen = async () => ({
      numbers: await numbers(),
      errors: await history.store.errors({ limit: 10, now: NOON }),
      counts: await history.store.counts(null, NOON),
      transitions: await history.store.transitions('a'),
      found: await history.ids('said'),
    });
    const before = await seen();
    expect(before.numbers).toMatchObject([{ added: 2, completed: 1, failed: 1, retried: 1 }]);
    expect(before.errors).toMatchObject({ total: 1, items: [{ count: 2, message: 'm <n>' }] });
    expect(await history.record(batch)).toEqual({ ...once, added: 0, changed: 2 });
    expect(await seen()).toEqual(before);
  });

  it('follows a task through its states, keeping what it is not told again', async () => {
    await history.record({ tasks: [task('a')] });
    await history.record({
      tasks: [{ queue: 'default', id: 'a', state: 'active', startedAt: NOON, worker: 'w1' }],
    });
    expect(await history.store.get('a')).toMatchObject({
      state: 'active',
      input: '{"a":6,"b":3}',
      worker: 'w1',
    });
    await history.record({
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
    expect(await history.ids('quotient')).toEqual([]);
    expect(await history.ids('result.quotient:2 input.a:6 state:completed')).toEqual(['a']);
    expect(await history.ids('result:2')).toEqual(['a']);

    await history.record({ tasks: [{ queue: 'default', id: 'a', state: 'waiting' }] });
    expect(await history.store.get('a')).toMatchObject({
      state: 'waiting',
      result: null,
      finishedAt: null,
      runMs: null,
    });
    expect(await history.ids('result.quotient:2')).toEqual([]);
    expect(await history.ids('result:2')).toEqual([]);
    expect((await history.store.counts(null, NOON)).byState).toEqual({ waiting: 1 });

    await history.record({
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
    expect(await history.ids('error:broken')).toEqual(['a']);
    expect(await numbers()).toMatchObject([{ added: 1, completed: 1, failed: 1 }]);
    expect((await history.store.errors({ limit: 1, now: NOON })).items).toMatchObject([
      { count: 1, sample: 'broken' },
    ]);
  });

  it('distinguishes jobs of the same id in two queues', async () => {
    await history.record({
      tasks: [
        task('1', { queue: 'emails', createdAt: 5 }),
        task('1', { queue: 'Größe: 2', createdAt: 9, type: '__proto__' }),
      ],
    });
    expect(await history.store.get('1', 'emails')).toMatchObject({ queue: 'emails', createdAt: 5 });
    expect(await history.store.get('1')).toMatchObject({ queue: 'Größe: 2', type: '__proto__' });
    expect(await history.store.get('1', 'none')).toBeUndefined();
    expect((await history.store.counts(null, NOON)).byQueue).toEqual({ emails: 1, 'Größe: 2': 1 });
    expect(await history.ids('queue:"größe: 2"')).toEqual(['1']);
    await history.record({ tasks: [], removed: [{ queue: 'emails', id: '1' }] });
    expect((await history.page('')).items).toMatchObject([{ queue: 'Größe: 2' }]);
  });

  it('keeps big bodies whole for the task, cut for lists and up to a limit', async () => {
    const text = 'lorem ipsum '.repeat(200);
    await history.record({
      tasks: [
        task('big', {
          state: 'completed',
          input: JSON.stringify({ text, last: 7 }),
          result: JSON.stringify({ text: 'x'.repeat(9000) }),
        }),
        task('cut', { input: '{"text":"beg', inputBytes: 70_000 }),
      ],
    });
    const [listed] = (await history.page('id:big')).items;
    expect(listed).toMatchObject({ inputCut: true, resultCut: true });
    expect(listed!.input).toHaveLength(1000);
    const whole = (await history.store.get('big'))!;
    expect(JSON.parse(whole.input!)).toEqual({ text, last: 7 });
    expect(whole).toMatchObject({ inputCut: false, resultCut: true, resultBytes: 9011 });
    expect(whole.result).toHaveLength(5000);
    expect(await history.store.get('cut')).toMatchObject({
      input: '{"text":"beg',
      inputCut: true,
      inputBytes: 70_000,
    });
    expect(await history.ids('input.last:7')).toEqual(['big']);
    // The index still has the whole task after a second record with a state only.
    await history.record({ tasks: [{ queue: 'default', id: 'big', state: 'completed', tags: ['t'] }] });
    expect(await history.ids('input.last:7 tag:t')).toEqual(['big']);
    expect((await history.store.get('big'))!.input).toBe(whole.input);
  });

  it('leaves out rows of tasks it does not know', async () => {
    const outcome = await history.record({
      attempts: [attempt('x', 1)],
      transitions: [transition('x', 'active', 1)],
      removed: [{ queue: 'default', id: 'x' }],
    });
    expect(outcome).toEqual({ added: 0, changed: 0, removed: 0, orphans: 2 });
  });

  it('writes nothing of a batch that fails, and goes on with the next', async () => {
    const broken = task('b', { createdAt: Symbol('no') as unknown as number });
    const { recording } = history;
    const whole = { ...emptyBatch(), cursors: { q: '1-0' }, tasks: [task('a', { type: 'fresh' })] };
    await expect(recording.recordAfter([whole, { ...emptyBatch(), tasks: [broken] }], {})).rejects.toThrow();
    expect(await history.store.cursors()).toEqual({});
    expect(await history.ids('')).toEqual([]);
    await recording.recordAfter([{ ...emptyBatch(), tasks: [task('c', { type: 'fresh' })] }], {});
    expect(await history.ids('type:fresh')).toEqual(['c']);
    expect(await numbers()).toMatchObject([{ added: 1 }]);
  });

  it('takes whatever stands in a job', async () => {
    await history.record({
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
    expect((await history.store.counts(null, NOON)).total).toBe(4);
    expect(await history.ids('input.constructor:2')).toEqual(['proto']);
    expect(await history.ids('input.__proto__.x:1')).toEqual(['proto']);
    expect(await history.ids('input.k3:3')).toEqual(['keys']);
    expect((await history.store.logs('odd', { limit: 1 })).items[0]!.text).toBe('a\u2400b\ufffd');
    expect(await history.ids('input:json')).toEqual(['odd']);
  });

  it('numbers more tasks of one millisecond than it has numbers for', async () => {
    const many = (prefix: string, createdAt: number, n: number) =>
      Array.from({ length: n }, (_, i) => task(`${prefix}${i}`, { createdAt }));
    await history.record({ tasks: [...many('a', NOON, 1500), ...many('b', NOON + 1, 700)] });
    await history.record({ tasks: [...many('c', NOON, 1500), ...many('d', NOON - 1, 3)] });
    expect(await history.page('', 1)).toMatchObject({ total: 3703 });
    expect(new Set((await history.allPages('', 1000)).map(({ id }) => id)).size).toBe(3703);
    expect(await history.page('created:2026-11-22T12:00:00.000', 1)).toMatchObject({ total: 3000 });
    expect(await history.ids('created:2026-11-22T11:59:59.999')).toHaveLength(3);
  });

  it('keeps the last thousand lines and thins out the samples of progress', async () => {
    await history.record({ tasks: [task('a')] });
    for (let n = 0; n < 1200; n += 100) {
      await history.record({
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
    const { items, total } = await history.store.logs('a', { limit: 1000 });
    expect([items[0]!.n, items.length, total]).toEqual([200, 1000, 1200]);
    const samples = await history.store.progress('a');
    expect(samples.length).toBeLessThanOrEqual(240);
    expect(samples.length).toBeGreaterThan(100);
  });

  it('counts by minute, hour and day, and by type, queue and worker', async () => {
    await history.record({
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
      (await numbers('minute')).map(({ at, added, completed, failed, cancelled }) => [
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
    expect(await numbers('hour')).toHaveLength(3);
    const [day] = await numbers('day');
    expect(day).toMatchObject({
      at: NOON - 12 * 3_600_000,
      completed: 2,
      failed: 1,
      run: { count: 3, sumMs: 900 },
    });
    expect(Histogram.decode(day!.run.histogram).quantile(0.5)! / 300).toBeCloseTo(1, 1);
    const byName = async (by: 'type' | 'queue' | 'worker') =>
      (await numbers('all', by)).map(({ name, completed, failed }) => [name, completed, failed]).sort();
    expect(await byName('type')).toEqual([
      ['divide', 2, 0],
      ['other', 0, 1],
    ]);
    expect(await byName('queue')).toEqual([
      ['default', 2, 0],
      ['slow', 0, 1],
    ]);
    expect(await byName('worker')).toEqual([
      ['w1', 1, 1],
      ['w2', 1, 0],
    ]);
    expect(await history.store.numbers({ from: 0, to: NOON * 2, step: 'all', type: 'none' })).toEqual([]);
  });

  it('opens a resolved error again when it comes back, and lets an ignored one rest', async () => {
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
    await history.record(failing('1', NOON));
    const { fingerprint } = (await history.store.errors({ limit: 1, now: NOON })).items[0]!;
    const state = async () => (await history.store.error(fingerprint))!.state;
    expect(await history.store.markError('none', { state: 'resolved', by: 'ada', at: NOON })).toBe(false);
    expect(
      await history.store.markError(fingerprint, {
        state: 'resolved',
        by: 'ada',
        at: NOON + 10,
        note: 'fixed',
      }),
    ).toBe(true);
    await history.record(failing('2', NOON + 5));
    expect(await state()).toBe('resolved');
    await history.record(failing('3', NOON + 3_600_000));
    expect(await history.store.error(fingerprint)).toMatchObject({
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
    expect((await history.store.error(fingerprint))!.trend.slice(-2)).toEqual([2, 1]);
    await history.store.markError(fingerprint, { state: 'ignored', by: 'ada', at: NOON });
    await history.record(failing('4', NOON + 4e6));
    expect(await state()).toBe('ignored');
    expect((await history.store.errors({ states: ['open'], limit: 5, now: NOON })).total).toBe(0);
    expect(
      (
        await history.store.errors({
          states: ['ignored'],
          type: 'divide',
          sort: 'count',
          limit: 5,
          now: NOON,
        })
      ).total,
    ).toBe(1);
  });
});
