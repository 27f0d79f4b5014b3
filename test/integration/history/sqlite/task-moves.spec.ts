import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NOON, StoreFixture, task } from './store-fixture.js';

describe('a task that moves to another queue', () => {
  let store: StoreFixture;

  beforeEach(() => {
    store = new StoreFixture();
  });
  afterEach(() => store.remove());

  const waiting = (queue: string, seq: number) => ({
    queue,
    id: 'a',
    at: NOON + seq,
    seq,
    state: 'waiting' as const,
  });

  it('keeps its number and its past, and is counted in its new queue', () => {
    store.record({ tasks: [task('a')], transitions: [waiting('default', 0)] });
    store.record({ moved: [{ queue: 'default', id: 'a', to: 'cpu' }] });
    expect(store.engine.get('a', 'default')).toBeUndefined();
    expect(store.engine.get('a', 'cpu')).toMatchObject({ queue: 'cpu', state: 'waiting' });
    expect(store.engine.transitions('a', 'cpu')).toHaveLength(1);
    expect(store.engine.counts(null, NOON).byQueue).toEqual({ cpu: 1 });
  });

  it('is one task whichever queue is told of first, and however often', () => {
    const moved = [{ queue: 'default', id: 'a', to: 'cpu' }];
    const told = {
      tasks: [task('a', { queue: 'cpu' })],
      transitions: [waiting('default', 0), waiting('cpu', 1)],
      moved,
    };
    store.record(told);
    store.record(told);
    expect(store.engine.counts(null, NOON)).toMatchObject({ total: 1, byQueue: { cpu: 1 } });
    expect(store.engine.transitions('a', 'cpu')).toHaveLength(2);
  });

  it('is put together again where both queues were distinguished', () => {
    store.record({ tasks: [task('a')], transitions: [waiting('default', 0)] });
    store.record({
      tasks: [task('a', { queue: 'cpu' })],
      transitions: [waiting('cpu', 1)],
    });
    store.record({ moved: [{ queue: 'default', id: 'a', to: 'cpu' }] });
    expect(store.engine.counts(null, NOON)).toMatchObject({ total: 1, byQueue: { cpu: 1 } });
    expect(store.engine.transitions('a', 'cpu').map(({ seq }) => seq)).toEqual([0, 1]);
  });
});
