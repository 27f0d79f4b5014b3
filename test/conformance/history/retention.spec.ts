import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RetentionPolicy } from '../../../src/history/ports/history-store.js';
import { ADAPTERS } from './adapters.js';
import { HistoryFixture } from './history-fixture.js';
import { attempt, NOON, task, transition } from '../../support/history-rows.js';

const DAY = 86_400_000;

describe.each(ADAPTERS)('retention ($name)', (adapter) => {
  let history: HistoryFixture;
  beforeEach(async () => {
    history = await HistoryFixture.open(adapter);
  });
  afterEach(() => history.remove());

  async function forget(policy: Partial<RetentionPolicy>): Promise<number[]> {
    const pieces: number[] = [];
    for (;;) {
      const { forgotten, isDone } = await history.recording.forgetPiece({
        before: {},
        max: {},
        now: NOON,
        chunk: 10,
        ...policy,
      });
      if (isDone) return pieces;
      pieces.push(forgotten);
    }
  }

  /** `n` tasks, one a day back from noon. */
  function days(prefix: string, n: number, state: 'completed' | 'failed' | 'waiting') {
    return Array.from({ length: n }, (_, i) =>
      task(`${prefix}${i}`, {
        state,
        createdAt: NOON - i * DAY - 1000,
        finishedAt: NOON - i * DAY,
        input: JSON.stringify({ n: i, word: `${prefix}word` }),
        ...(state === 'failed' ? { error: { name: 'E', message: 'm' } } : {}),
      }),
    );
  }

  it('lets go of what is too old, by state and in pieces', async () => {
    await history.record({
      tasks: [...days('c', 30, 'completed'), ...days('f', 30, 'failed'), ...days('w', 30, 'waiting')],
    });
    expect(await forget({ before: { completed: NOON - 4.5 * DAY, failed: NOON - 19.5 * DAY } })).toEqual([
      10, 10, 5, 10, 0,
    ]);
    expect((await history.store.counts(null, NOON)).byState).toEqual({
      completed: 5,
      failed: 20,
      waiting: 30,
    });
    expect(await history.ids('cword sort:created')).toEqual(['c4', 'c3', 'c2', 'c1', 'c0']);
    expect(await history.store.get('c5')).toBeUndefined();
  });

  it('lets go of the oldest of too many', async () => {
    await history.record({ tasks: days('c', 30, 'completed') });
    expect(await forget({ max: { completed: 7, failed: 0 } })).toEqual([10, 10, 3, 0]);
    expect(await history.ids('')).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6']);
  });

  it('leaves nothing of a task behind but the numbers it went into', async () => {
    await history.record({
      tasks: [
        task('a', {
          state: 'completed',
          tags: ['x'],
          input: JSON.stringify({ big: 'y'.repeat(3000) }),
          result: '{"q":1}',
        }),
      ],
      attempts: [attempt('a', 1)],
      transitions: [transition('a', 'waiting', 1)],
      logs: [{ queue: 'default', id: 'a', n: 0, at: 1, level: 'info', attempt: 1, text: 'said' }],
      progress: [{ queue: 'default', id: 'a', at: 1, percent: 5 }],
    });
    await forget({ max: { completed: 0 } });
    for (const q of ['', 'said', 'tag:x', 'input.big:*', 'result.q:1', 'worker:*'])
      expect(await history.page(q)).toMatchObject({ items: [], total: 0 });
    expect(await history.store.size()).toMatchObject({ tasks: 0, oldestAt: null });
    expect(await history.store.numbers({ from: 0, to: NOON, step: 'all' })).toMatchObject([
      { added: 1, completed: 1 },
    ]);
    // The same id again is a new task.
    await history.record({ tasks: [task('a')] });
    expect(await history.store.attempts('a')).toEqual([]);
    expect(await history.store.transitions('a')).toEqual([]);
    expect((await history.store.logs('a', { limit: 9 })).items).toEqual([]);
    expect(await history.store.progress('a')).toEqual([]);
  });

  it('lets go of minutes, hours and forgotten errors that are too old, and keeps the days', async () => {
    await history.record({ tasks: days('f', 150, 'failed') });
    await forget({ max: { failed: 1 } });
    const spans = async (step: 'minute' | 'hour' | 'day') =>
      (await history.store.numbers({ from: 0, to: NOON + DAY, step })).length;
    expect([await spans('minute'), await spans('hour'), await spans('day')]).toEqual([6, 201, 150]);
    expect((await history.store.errors({ limit: 5, now: NOON })).total).toBe(1);
    await forget({ max: { failed: 0 }, now: NOON + 101 * DAY });
    expect((await history.store.errors({ limit: 5, now: NOON })).total).toBe(0);
  });
});
