import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BulkOrder, BulkStore } from '../../../src/history/ports/bulk-store.js';
import { ADAPTERS } from './adapters.js';
import { HistoryFixture } from './history-fixture.js';

const order = (more: Partial<BulkOrder> = {}): BulkOrder => ({
  id: 'b1',
  action: 'retry',
  to: null,
  q: 'state:failed',
  filter: { kind: 'state', state: 'failed' },
  reason: null,
  by: 'api',
  createdAt: 1000,
  startsAt: 1000,
  key: null,
  fingerprint: null,
  ...more,
});
const refs = (count: number) => Array.from({ length: count }, (_, i) => ({ queue: 'default', id: `t${i}` }));

describe.each(ADAPTERS)('bulk actions in the store ($name)', (adapter) => {
  let history: HistoryFixture;
  let bulks: BulkStore;

  beforeEach(async () => {
    history = await HistoryFixture.open(adapter);
    ({ bulks } = history.store);
  });
  afterEach(() => history.remove());

  const started = async () => {
    await bulks.create(order(), refs(3));
    await bulks.claim('b1', 'me', 0, 2000);
    await bulks.begin('b1', 'me', 2000);
  };

  it('gather their tasks piece by piece and know how many there are when they have all', async () => {
    await bulks.create(order());
    await bulks.claim('b1', 'me', 0, 2000);
    expect(await bulks.gather('b1', 'me', { refs: refs(2), place: 7, isWhole: false })).toBe(true);
    expect((await bulks.get('b1'))!.total).toBeNull();
    expect(await bulks.gathered('b1')).toEqual({ place: 7, isWhole: false });
    await bulks.gather('b1', 'me', { refs: [{ queue: 'cpu', id: 'last' }], place: null, isWhole: true });
    expect((await bulks.get('b1'))!).toMatchObject({ total: 3, counts: { untouched: 3 } });
    expect((await bulks.next('b1', 10)).map(({ n, id }) => [n, id])).toEqual([
      [0, 't0'],
      [1, 't1'],
      [2, 'last'],
    ]);
  });

  it('have one holder: another takes over only after silence, and then the first is ignored', async () => {
    await started();
    expect(await bulks.claim('b1', 'other', 1999, 2100)).toBeUndefined();
    expect(await bulks.claim('b1', 'other', 2001, 2100)).toMatchObject({ holder: 'other', claims: 2 });
    expect(await bulks.settle('b1', 'me', [{ n: 0, outcome: 'done' }], 2200)).toBeUndefined();
    expect((await bulks.get('b1'))!.counts.untouched).toBe(3);
    await bulks.release('b1', 'other');
    expect(await bulks.claim('b1', 'third', 0, 2300)).toMatchObject({ holder: 'third', claims: 3 });
  });

  it('count an outcome once, however often it is told', async () => {
    await started();
    const told = [
      { n: 0, outcome: 'done' as const },
      { n: 1, outcome: 'skipped' as const, detail: 'gone' },
    ];
    await bulks.settle('b1', 'me', told, 2100);
    expect((await bulks.settle('b1', 'me', told, 2200))!.counts).toEqual({
      untouched: 1,
      done: 1,
      asked: 0,
      skipped: 1,
      failed: 0,
    });
    expect((await bulks.outcomes('b1', { outcome: 'skipped', limit: 5 })).items).toMatchObject([
      { n: 1, detail: 'gone', at: 2100 },
    ]);
    expect((await bulks.outcomes('b1', { limit: 2 })).next).toBe(1);
  });

  it('are undone before they begin, and asked to stop afterwards', async () => {
    await bulks.create(order({ id: 'b0' }), refs(1));
    expect(await bulks.abort('b0', 'ada', 1500)).toMatchObject({ state: 'undone', finishedAt: 1500 });
    expect(await bulks.begin('b0', 'me', 1600)).toBeUndefined();
    await started();
    expect(await bulks.abort('b1', 'ada', 2500)).toMatchObject({
      state: 'running',
      aborted: { by: 'ada', at: 2500 },
      finishedAt: null,
    });
    await bulks.end('b1', 'me', 'aborted', 2600);
    expect(await bulks.abort('b1', 'eve', 2700)).toMatchObject({ state: 'aborted', aborted: { by: 'ada' } });
    expect(await bulks.open()).toEqual([]);
  });

  it('are the same for the same key', async () => {
    const first = await bulks.create(order({ key: 'k', fingerprint: 'x' }), refs(1));
    const again = await bulks.create(order({ id: 'b2', key: 'k', fingerprint: 'y' }), refs(1));
    expect([first.created, again.created, again.bulk.id, again.bulk.fingerprint]).toEqual([
      true,
      false,
      'b1',
      'x',
    ]);
  });

  it('are forgotten with their outcomes when they are old', async () => {
    await started();
    await bulks.end('b1', 'me', 'completed', 3000);
    await bulks.create(order({ id: 'b2', createdAt: 5000 }), refs(1));
    while (!(await bulks.forget(4000)));
    expect((await bulks.list({ limit: 10 })).map(({ id }) => id)).toEqual(['b2']);
    expect((await bulks.outcomes('b1', { limit: 10 })).items).toEqual([]);
  });
});
