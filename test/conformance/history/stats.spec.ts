import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Histogram } from '../../../src/history/histogram.js';
import type { TaskRow } from '../../../src/history/ports/rows.js';
import { ADAPTERS } from './adapters.js';
import { HistoryFixture } from './history-fixture.js';
import { attempt, NOON, task } from '../../support/history-rows.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const done = (id: string, finishedAt: number, more: Partial<TaskRow> = {}) =>
  task(id, { state: 'completed', createdAt: finishedAt - 2_000, finishedAt, ...more });

describe.each(ADAPTERS)('numbers of the history ($name)', (adapter) => {
  let history: HistoryFixture;
  beforeEach(async () => {
    history = await HistoryFixture.open(adapter);
  });
  afterEach(() => history.remove());

  const all = async (from: number, to: number, edge: 'minute' | 'hour' | 'day' = 'minute') =>
    (await history.store.numbers({ from, to, step: 'all', edge }))[0];

  it('adds a time up exactly to the minute, out of days, hours and minutes', async () => {
    const from = NOON - 40 * HOUR - 7 * MINUTE;
    const to = NOON + 3 * MINUTE;
    const inside = [from, from + 8 * MINUTE, NOON - 30 * HOUR, NOON - DAY, NOON - 1, to - 1];
    const outside = [from - 1, to, to + HOUR];
    await history.record({ tasks: [...inside, ...outside].map((at, i) => done(`t${i}`, at)) });
    expect(await all(from, to)).toMatchObject({ at: from, completed: inside.length });
    expect((await all(from, to, 'hour'))!.completed).toBe(inside.length + 2);
    expect((await all(from, to, 'day'))!.completed).toBe(9);
  });

  it('puts steps together to longer ones', async () => {
    await history.record({
      tasks: [0, 1, 29, 30, 31, 90].map((minute) => done(`t${minute}`, NOON + minute * MINUTE)),
    });
    const bars = await history.store.numbers({
      from: NOON,
      to: NOON + 2 * HOUR,
      step: 'minute',
      fold: 30 * MINUTE,
    });
    const filled = bars.filter(({ completed }) => completed > 0);
    expect(filled.map(({ at, completed }) => [(at - NOON) / MINUTE, completed])).toEqual([
      [0, 3],
      [30, 2],
      [90, 1],
    ]);
  });

  it('reads quantiles within 2 % of the truth, also over many minutes and types', async () => {
    const waits: number[] = [];
    const tasks = Array.from({ length: 2_000 }, (_, i) => {
      const waitMs = Math.round(5 + ((i * 7919) % 2000) ** 1.7);
      waits.push(waitMs);
      return done(`t${i}`, NOON + (i % 60) * MINUTE, { waitMs, runMs: 1, type: `type-${i % 5}` });
    });
    await history.record({ tasks });
    const { wait } = (await all(NOON, NOON + HOUR))!;
    waits.sort((a, b) => a - b);
    for (const [q, found] of [
      [0.5, wait.p50],
      [0.95, wait.p95],
      [0.99, wait.p99],
    ] as const) {
      const truth = waits[Math.ceil(q * waits.length) - 1]!;
      expect(Math.abs(found! - truth) / truth).toBeLessThanOrEqual(0.021);
    }
    expect(wait.sumMs).toBe(waits.reduce((sum, ms) => sum + ms, 0));
  });

  it('finds the first record to the minute, as long as minutes are stored', async () => {
    expect(await history.store.firstNumberAt()).toBeNull();
    const first = NOON - 30 * HOUR + 7 * MINUTE;
    await history.record({ tasks: [done('b', NOON), done('a', first + 2_500), done('c', NOON + DAY)] });
    expect(await history.store.firstNumberAt()).toBe(first);
    await history.record({ tasks: [done('d', NOON - 200 * DAY)] });
    const policy = { before: {}, max: {}, now: NOON };
    while (!(await history.recording.forgetPiece(policy)).isDone);
    expect(await history.store.firstNumberAt()).toBe(NOON - 200 * DAY - 12 * HOUR);
  });

  it('counts what ever was beyond what is stored, and names the first names only', async () => {
    const types = ['first', 'second', 'third', 'fourth'];
    await history.record({
      tasks: types.map((type, i) =>
        done(type, NOON - i * 400 * DAY, { type, queue: i < 2 ? 'default' : 'bull:mail' }),
      ),
    });
    const rows = (await history.store.totals(2)).map(({ queue, type, completed }) => [
      queue,
      type,
      completed,
    ]);
    expect(rows.sort()).toEqual(
      [
        ['default', 'first', 1],
        ['default', 'second', 1],
        ['bull:mail', undefined, 2],
      ].sort(),
    );
    const before = await history.store.totals(2);
    await history.record({ tasks: [done('new', NOON, { type: 'aaa', queue: 'zzz' })] });
    for (const row of before) {
      const now = (await history.store.totals(2)).find(
        (one) => one.queue === row.queue && one.type === row.type,
      )!;
      expect(now.completed).toBeGreaterThanOrEqual(row.completed);
      expect(Histogram.decode(now.run).count).toBeGreaterThanOrEqual(Histogram.decode(row.run).count);
    }
  });

  it('keeps totals when tasks, minutes and hours are forgotten', async () => {
    await history.record({ tasks: [done('old', NOON - 200 * DAY), done('new', NOON)] });
    const policy = { before: { completed: NOON - 30 * DAY }, max: {}, now: NOON };
    while (!(await history.recording.forgetPiece(policy)).isDone);
    expect(await history.store.get('old')).toBeUndefined();
    expect(await history.store.totals(10)).toEqual([expect.objectContaining({ completed: 2, runMs: 2_000 })]);
  });

  it('knows when a version was first seen, by attempts and by those who tell of it', async () => {
    await history.record({
      tasks: [done('a', NOON)],
      attempts: [
        attempt('a', 1, { version: '1.1.0', startedAt: NOON - 5_000 }),
        attempt('a', 2, { version: '1.1.0', startedAt: NOON - 1_000 }),
      ],
    });
    await history.store.noteVersion('1.0.0', NOON - DAY);
    await history.store.noteVersion('1.0.0', NOON);
    await history.store.noteVersion('1.1.0', NOON);
    expect(await history.store.versions(NOON - DAY, NOON)).toEqual([
      { version: '1.0.0', firstSeenAt: NOON - DAY },
      { version: '1.1.0', firstSeenAt: NOON - 5_000 },
    ]);
    expect(await history.store.versions(NOON - DAY + 1, NOON - 5_000)).toEqual([]);
    expect((await history.store.attempts('a')).map(({ version }) => version)).toEqual(['1.1.0', '1.1.0']);
  });
});
