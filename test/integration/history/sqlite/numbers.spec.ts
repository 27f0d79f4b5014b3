import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Histogram } from '../../../../src/history/histogram.js';
import { coverOf } from '../../../../src/history/sqlite/numbers-reader.js';
import type { TaskRow } from '../../../../src/history/ports/rows.js';
import { attempt, NOON, StoreFixture, task } from './store-fixture.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const done = (id: string, finishedAt: number, more: Partial<TaskRow> = {}) =>
  task(id, { state: 'completed', createdAt: finishedAt - 2_000, finishedAt, ...more });

describe('numbers of the history', () => {
  let store: StoreFixture;
  beforeEach(() => {
    store = new StoreFixture();
  });
  afterEach(() => store.remove());

  const all = (from: number, to: number, edge: 'minute' | 'hour' | 'day' = 'minute') =>
    store.engine.numbers({ from, to, step: 'all', edge })[0];

  it('adds a time up exactly to the minute, out of days, hours and minutes', () => {
    const from = NOON - 40 * HOUR - 7 * MINUTE;
    const to = NOON + 3 * MINUTE;
    const inside = [from, from + 8 * MINUTE, NOON - 30 * HOUR, NOON - DAY, NOON - 1, to - 1];
    const outside = [from - 1, to, to + HOUR];
    store.record({ tasks: [...inside, ...outside].map((at, i) => done(`t${i}`, at)) });
    expect(all(from, to)).toMatchObject({ at: from, completed: inside.length });
    expect(all(from, to, 'hour')!.completed).toBe(inside.length + 2);
    expect(all(from, to, 'day')!.completed).toBe(9);
  });

  it('covers a time with as few spans as there are', () => {
    const pieces = coverOf(NOON - 36 * HOUR - MINUTE, NOON + MINUTE, 'minute');
    expect(pieces.map(({ span, from, to }) => [span, (to - from) / span])).toEqual([
      [MINUTE, 1],
      [DAY, 1],
      [HOUR, 12],
      [MINUTE, 1],
    ]);
    expect(pieces.map(({ from }, i) => (i === 0 ? true : from === pieces[i - 1]!.to))).not.toContain(false);
    expect(coverOf(NOON, NOON, 'minute')).toEqual([]);
    expect(coverOf(NOON + 1, NOON + 2, 'minute')).toEqual([{ span: MINUTE, from: NOON, to: NOON + MINUTE }]);
  });

  it('puts steps together to longer ones', () => {
    store.record({
      tasks: [0, 1, 29, 30, 31, 90].map((minute) => done(`t${minute}`, NOON + minute * MINUTE)),
    });
    const bars = store.engine.numbers({ from: NOON, to: NOON + 2 * HOUR, step: 'minute', fold: 30 * MINUTE });
    const filled = bars.filter(({ completed }) => completed > 0);
    expect(filled.map(({ at, completed }) => [(at - NOON) / MINUTE, completed])).toEqual([
      [0, 3],
      [30, 2],
      [90, 1],
    ]);
  });

  it('reads quantiles within 2 % of the truth, also over many minutes and types', () => {
    const waits: number[] = [];
    const tasks = Array.from({ length: 2_000 }, (_, i) => {
      const waitMs = Math.round(5 + ((i * 7919) % 2000) ** 1.7);
      waits.push(waitMs);
      return done(`t${i}`, NOON + (i % 60) * MINUTE, { waitMs, runMs: 1, type: `type-${i % 5}` });
    });
    store.record({ tasks });
    const { wait } = all(NOON, NOON + HOUR)!;
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

  it('counts what ever was beyond what is stored, and names the first names only', () => {
    const types = ['first', 'second', 'third', 'fourth'];
    store.record({
      tasks: types.map((type, i) =>
        done(type, NOON - i * 400 * DAY, { type, queue: i < 2 ? 'default' : 'bull:mail' }),
      ),
    });
    const rows = store.engine.totals(2).map(({ queue, type, completed }) => [queue, type, completed]);
    expect(rows.sort()).toEqual(
      [
        ['default', 'first', 1],
        ['default', 'second', 1],
        ['bull:mail', undefined, 2],
      ].sort(),
    );
    const before = store.engine.totals(2);
    store.record({ tasks: [done('new', NOON, { type: 'aaa', queue: 'zzz' })] });
    for (const row of before) {
      const now = store.engine.totals(2).find((one) => one.queue === row.queue && one.type === row.type)!;
      expect(now.completed).toBeGreaterThanOrEqual(row.completed);
      expect(Histogram.decode(now.run).count).toBeGreaterThanOrEqual(Histogram.decode(row.run).count);
    }
  });

  it('keeps totals when tasks, minutes and hours are forgotten', () => {
    store.record({ tasks: [done('old', NOON - 200 * DAY), done('new', NOON)] });
    const policy = { before: { completed: NOON - 30 * DAY }, max: {}, now: NOON };
    while (!store.engine.forgetPiece(policy).isDone);
    expect(store.engine.get('old')).toBeUndefined();
    expect(store.engine.totals(10)).toEqual([expect.objectContaining({ completed: 2, runMs: 2_000 })]);
  });

  it('knows when a version was first seen, by attempts and by those who tell of it', () => {
    store.record({
      tasks: [done('a', NOON)],
      attempts: [
        attempt('a', 1, { version: '1.1.0', startedAt: NOON - 5_000 }),
        attempt('a', 2, { version: '1.1.0', startedAt: NOON - 1_000 }),
      ],
    });
    store.engine.noteVersion('1.0.0', NOON - DAY);
    store.engine.noteVersion('1.0.0', NOON);
    store.engine.noteVersion('1.1.0', NOON);
    expect(store.engine.versions(NOON - DAY, NOON)).toEqual([
      { version: '1.0.0', firstSeenAt: NOON - DAY },
      { version: '1.1.0', firstSeenAt: NOON - 5_000 },
    ]);
    expect(store.engine.versions(NOON - DAY + 1, NOON - 5_000)).toEqual([]);
    expect(store.engine.attempts('a').map(({ version }) => version)).toEqual(['1.1.0', '1.1.0']);
  });
});
