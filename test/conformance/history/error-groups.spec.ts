import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ErrorSearch } from '../../../src/history/ports/error-group-store.js';
import { ADAPTERS } from './adapters.js';
import { HistoryFixture } from './history-fixture.js';
import { attempt, NOON, task } from '../../support/history-rows.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Failure {
  id: string;
  message?: string;
  at?: number;
  type?: string;
  worker?: string;
  version?: string;
}

describe.each(ADAPTERS)('error groups ($name)', (adapter) => {
  let history: HistoryFixture;
  beforeEach(async () => {
    history = await HistoryFixture.open(adapter);
  });
  afterEach(() => history.remove());

  const fail = (...failures: Failure[]) =>
    history.record({
      tasks: failures.map(({ id, at = NOON, type = 'divide', message = 'boom' }) =>
        task(id, { state: 'failed', type, finishedAt: at, error: { name: 'Error', message } }),
      ),
      attempts: failures.map(({ id, at = NOON, message = 'boom', worker = 'w1', version }) =>
        attempt(id, 1, {
          worker,
          outcome: 'failed',
          finishedAt: at,
          error: { name: 'Error', message },
          ...(version ? { version } : {}),
        }),
      ),
    });
  const list = (search: Partial<ErrorSearch> = {}) =>
    history.store.errors({ limit: 100, now: NOON, ...search });
  const only = async () => (await list()).items[0]!;

  it('comes back as regressed, with the first failure after it was resolved', async () => {
    await fail({ id: 'a', at: NOON - DAY }, { id: 'b', at: NOON - HOUR });
    const { fingerprint } = await only();
    await history.store.markError(fingerprint, {
      state: 'resolved',
      note: 'put right',
      by: 'ada',
      at: NOON - 1_000,
    });
    // Recorded late, but it failed before.
    await fail({ id: 'late', at: NOON - 2_000 });
    expect(await only()).toMatchObject({ state: 'resolved', regressedAt: null, count: 3 });
    await fail({ id: 'c', at: NOON + 5_000 }, { id: 'd', at: NOON + 9_000 });
    await fail({ id: 'e', at: NOON + 20_000 });
    expect(await only()).toMatchObject({
      state: 'regressed',
      regressedAt: NOON + 5_000,
      count: 6,
      note: 'put right',
      by: 'ada',
    });
    await history.store.markError(fingerprint, { state: 'open', by: 'bob', at: NOON + 30_000 });
    expect(await only()).toMatchObject({ state: 'open', regressedAt: null, by: 'bob', note: 'put right' });
  });

  it('is named by the last cause, and found by what was said around it', async () => {
    const cause = { name: 'RangeError', message: 'row 7 is empty' };
    const error = { name: 'Error', message: 'order 12 was not sent', cause };
    await history.record({
      tasks: [task('a', { state: 'failed', error: { name: error.name, message: error.message } })],
      attempts: [attempt('a', 1, { outcome: 'failed', finishedAt: NOON, error })],
    });
    expect(await only()).toMatchObject({ name: 'RangeError', message: 'row <n> is empty' });
    expect((await only()).sample).toBe('order 12 was not sent (caused by RangeError: row 7 is empty)');
    expect((await list({ text: 'order' })).total).toBe(1);
  });

  it('stays ignored however often it fails', async () => {
    await fail({ id: 'a' });
    await history.store.markError((await only()).fingerprint, { state: 'ignored', by: 'ada', at: NOON });
    await fail({ id: 'b', at: NOON + HOUR });
    expect(await only()).toMatchObject({ state: 'ignored', count: 2 });
  });

  it('counts the workers and versions it hit', async () => {
    await fail(
      { id: 'a', at: NOON - HOUR, worker: 'w1', version: '1.0' },
      { id: 'b', at: NOON, worker: 'w2', version: '1.1' },
      { id: 'c', at: NOON + 1, worker: 'w2' },
    );
    await fail({ id: 'd', at: NOON - 2 * HOUR, worker: 'w2', version: '1.0' });
    const { workers, versions } = (await history.store.error((await only()).fingerprint))!;
    expect(workers.map(({ worker, count }) => [worker, count])).toEqual([
      ['w2', 3],
      ['w1', 1],
    ]);
    expect(versions).toEqual([
      { version: '1.1', count: 1, firstSeenAt: NOON, lastSeenAt: NOON },
      { version: '1.0', count: 2, firstSeenAt: NOON - 2 * HOUR, lastSeenAt: NOON - HOUR },
    ]);
  });

  it('finds text in type, name, message and frame, every word of it, as it stands', async () => {
    await fail(
      { id: 'a', message: 'disk 100% full' },
      { id: 'b', message: 'no such file', type: 'resize_image' },
    );
    const found = async (text: string) => (await list({ text })).items.map(({ sample }) => sample);
    expect(await found('DISK')).toEqual(['disk 100% full']);
    expect(await found('100%')).toEqual(['disk 100% full']);
    expect(await found('resize_ file')).toEqual(['no such file']);
    expect(await found('resizeX')).toEqual([]);
    expect(await found('')).toHaveLength(2);
    expect((await list({ text: "' OR 1=1 --" })).total).toBe(0);
  });

  it('counts each state under the other conditions, and pages through many', async () => {
    await fail(
      ...Array.from({ length: 500 }, (_, i) => ({ id: `t${i}`, message: `kind ${word(i)}`, at: NOON - i })),
    );
    const { fingerprint } = await only();
    await history.store.markError(fingerprint, { state: 'resolved', by: 'ada', at: NOON });
    const page = await list({ states: ['open', 'regressed'], limit: 50, offset: 450 });
    expect(page).toMatchObject({ total: 499, byState: { open: 499, resolved: 1, regressed: 0, ignored: 0 } });
    expect(page.items).toHaveLength(49);
    expect(await list({ type: 'nothing' })).toEqual({
      items: [],
      total: 0,
      byState: { open: 0, resolved: 0, regressed: 0, ignored: 0 },
    });
  });

  it('goes by what failed most since a time', async () => {
    await fail(
      ...[1, 2, 3].map((i) => ({ id: `old${i}`, message: 'often, long ago', at: NOON - 10 * DAY })),
      ...[1, 2].map((i) => ({ id: `both${i}`, message: 'twice today', at: NOON - i * HOUR })),
      { id: 'once', message: 'once just now', at: NOON },
      { id: 'before', message: 'often, long ago', at: NOON - 2 * HOUR },
    );
    const rows = (await list({ since: NOON - DAY, sort: 'recent' })).items.map(({ sample, recent }) => [
      sample,
      recent,
    ]);
    expect(rows).toEqual([
      ['twice today', 2],
      ['once just now', 1],
      ['often, long ago', 1],
    ]);
    expect((await list({ sort: 'count' })).items[0]).toMatchObject({
      sample: 'often, long ago',
      count: 4,
      recent: 4,
    });
  });
});

/** Letters alone: digits are folded away. */
function word(i: number): string {
  return [...String(i)].map((digit) => String.fromCharCode(97 + Number(digit))).join('');
}
