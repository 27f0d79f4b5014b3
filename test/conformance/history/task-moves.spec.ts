import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from './adapters.js';
import { HistoryFixture } from './history-fixture.js';
import { attempt, NOON, task } from '../../support/history-rows.js';

describe.each(ADAPTERS)('a task that moves to another queue ($name)', (adapter) => {
  let history: HistoryFixture;

  beforeEach(async () => {
    history = await HistoryFixture.open(adapter);
  });
  afterEach(() => history.remove());

  const waiting = (queue: string, seq: number) => ({
    queue,
    id: 'a',
    at: NOON + seq,
    seq,
    state: 'waiting' as const,
  });

  it('keeps its number and its past, and is counted in its new queue', async () => {
    await history.record({ tasks: [task('a')], transitions: [waiting('default', 0)] });
    await history.record({ moved: [{ queue: 'default', id: 'a', to: 'cpu' }] });
    expect(await history.store.get('a', 'default')).toBeUndefined();
    expect(await history.store.get('a', 'cpu')).toMatchObject({ queue: 'cpu', state: 'waiting' });
    expect(await history.store.transitions('a', 'cpu')).toHaveLength(1);
    expect((await history.store.counts(null, NOON)).byQueue).toEqual({ cpu: 1 });
  });

  it('is one task whichever queue is told of first, and however often', async () => {
    const moved = [{ queue: 'default', id: 'a', to: 'cpu' }];
    const told = {
      tasks: [task('a', { queue: 'cpu' })],
      transitions: [waiting('default', 0), waiting('cpu', 1)],
      moved,
    };
    await history.record(told);
    await history.record(told);
    expect(await history.store.counts(null, NOON)).toMatchObject({ total: 1, byQueue: { cpu: 1 } });
    expect(await history.store.transitions('a', 'cpu')).toHaveLength(2);
  });

  it('is put together again where both queues were distinguished', async () => {
    await history.record({
      tasks: [task('a', { state: 'completed', worker: 'w1' })],
      attempts: [attempt('a', 1)],
      transitions: [waiting('default', 0)],
    });
    await history.record({
      tasks: [task('a', { queue: 'cpu' })],
      transitions: [waiting('cpu', 1)],
    });
    await history.record({ moved: [{ queue: 'default', id: 'a', to: 'cpu' }] });
    expect(await history.store.counts(null, NOON)).toMatchObject({ total: 1, byQueue: { cpu: 1 } });
    expect((await history.store.transitions('a', 'cpu')).map(({ seq }) => seq)).toEqual([0, 1]);
    expect(await history.store.attempts('a', 'cpu')).toMatchObject([{ number: 1, outcome: 'completed' }]);
  });
});
