import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RecordingStore } from '../../../src/history/ports/recording-store.js';
import type { RecordBatch } from '../../../src/history/ports/rows.js';
import { attempt, emptyBatch, NOON, task, transition } from '../../support/history-rows.js';
import { ADAPTERS } from './adapters.js';
import { HistoryFixture } from './history-fixture.js';

const GAP = { queue: 'default', from: NOON, to: NOON + 5, noticedAt: NOON + 9, detail: 'trimmed' };

describe.each(ADAPTERS)('the store of the recorder ($name)', (adapter) => {
  let history: HistoryFixture;
  let recording: RecordingStore;
  beforeEach(async () => {
    history = await HistoryFixture.open(adapter);
    ({ recording } = history);
  });
  afterEach(() => history.remove());

  const batch = (more: Partial<RecordBatch>): RecordBatch => ({ ...emptyBatch(), ...more });

  it('records batches in order, with their cursors', async () => {
    const first = batch({ cursors: { default: '1-0' }, tasks: [task('a')] });
    const second = batch({ cursors: { default: '2-0' }, tasks: [task('a', { state: 'active' })] });
    expect(await recording.recordAfter([first, second], { default: undefined })).toEqual([]);
    expect(await recording.cursors()).toEqual({ default: '2-0' });
    expect(await history.store.get('a')).toMatchObject({ state: 'active' });
  });

  it('rejects a recorder that another one has overtaken, and writes nothing of its batch', async () => {
    const other = await history.history.again();
    await recording.recordAfter([batch({ cursors: { default: '1-0' } })], { default: undefined });
    await other.recordAfter([batch({ cursors: { default: '2-0' } })], { default: '1-0' });
    const stale = batch({ cursors: { default: '3-0' }, tasks: [task('a')] });
    for (const expected of [{ default: '1-0' }, { default: undefined }, { default: '2-0', cpu: '1-0' }])
      await expect(recording.recordAfter([stale], expected, { added: [GAP] })).rejects.toMatchObject({
        name: 'HistoryFencedError',
      });
    expect(await recording.cursors()).toEqual({ default: '2-0' });
    expect(await recording.gaps(10)).toEqual([]);
    expect(await history.store.get('a')).toBeUndefined();
  });

  it('adds gaps with the batches, and findings to gaps', async () => {
    const [first, second] = await recording.recordAfter(
      [],
      {},
      {
        added: [GAP, { ...GAP, queue: 'cpu', vanished: ['x'], reconciledAt: NOON + 20 }],
      },
    );
    await recording.recordAfter(
      [],
      {},
      {
        known: [
          { id: first!, found: 3, vanished: ['y', 'z'] },
          { id: second!, found: 0, vanished: ['w'] },
        ],
      },
    );
    await recording.recordAfter([], {}, { known: [{ id: first!, found: 1, vanished: [] }] });
    expect(await recording.gaps(10)).toEqual([
      {
        ...GAP,
        queue: 'cpu',
        id: second,
        reconciledAt: NOON + 20,
        found: 0,
        vanished: 2,
        sample: ['x', 'w'],
      },
      { ...GAP, id: first, reconciledAt: null, found: 4, vanished: 2, sample: ['y', 'z'] },
    ]);
    await recording.closeGap(first!, NOON + 30);
    expect((await recording.gaps(10)).map(({ reconciledAt }) => reconciledAt)).toEqual([
      NOON + 20,
      NOON + 30,
    ]);
    expect(await recording.gaps(1)).toHaveLength(1);
  });

  it('remembers the followed queues', async () => {
    await recording.follow('mail', NOON);
    await recording.follow('default', NOON + 1);
    await recording.follow('mail', NOON + 2);
    await recording.setReconciled('mail', NOON + 3);
    expect(await recording.followed()).toEqual([
      { queue: 'default', since: NOON + 1, reconciled: null },
      { queue: 'mail', since: NOON, reconciled: NOON + 3 },
    ]);
  });

  it('tells known tasks, and those whose events it has, from unknown ones', async () => {
    await history.record({
      tasks: [task('a', { state: 'completed', createdAt: NOON - 7 }), task('b'), task('b', { queue: 'cpu' })],
      transitions: [transition('a', 'completed', NOON), transition('b', 'waiting', NOON, { seq: -1 })],
    });
    expect(await recording.statesOf('default', ['a', 'b', 'c'])).toEqual(
      new Map([
        ['a', { state: 'completed', createdAt: NOON - 7, finishedAt: NOON - 49_000 }],
        ['b', { state: 'waiting', createdAt: NOON - 60_000, finishedAt: null }],
      ]),
    );
    expect(await recording.withEvents('default', ['a', 'b', 'c'])).toEqual(new Set(['a']));
    expect(await recording.statesOf('none', ['a'])).toEqual(new Map());
  });

  it('counts and lists the unfinished tasks of a queue', async () => {
    await history.record({
      tasks: [
        ...['a', 'b', 'c', 'd'].map((id, i) => task(id, { createdAt: NOON + i })),
        task('e', { state: 'active' }),
        task('f', { state: 'failed' }),
        task('g', { queue: 'cpu' }),
      ],
    });
    expect(await recording.openTasks('default')).toBe(5);
    expect(await recording.openTasks('none')).toBe(0);
    const found: string[] = [];
    for (let after: number | undefined = -Number.MAX_SAFE_INTEGER; after !== undefined;) {
      const page: { ids: string[]; next: number | undefined } = await recording.unsettled(
        'default',
        after,
        2,
      );
      found.push(...page.ids);
      after = page.next;
    }
    expect(found.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('knows how far the attempts of tasks are', async () => {
    await history.record({
      tasks: [task('a', { state: 'active' }), task('b'), task('d', { state: 'completed', worker: 'w1' })],
      attempts: [
        attempt('d', 1),
        attempt('a', 1, { outcome: 'failed' }),
        { queue: 'default', id: 'a', number: 2, startedAt: NOON },
      ],
    });
    const refs = ['b', 'a', 'c', 'd'].map((id) => ({ queue: 'default', id }));
    expect(await recording.attemptTails(refs)).toEqual([
      { starts: 0, isOpen: false, failures: 0 },
      { starts: 2, isOpen: true, failures: 1 },
      { starts: 0, isOpen: false, failures: 0 },
      { starts: 1, isOpen: false, failures: 0 },
    ]);
  });

  it('counts a finish once that was found before its event', async () => {
    const finished = task('a', { state: 'completed', finishedAt: NOON });
    const settled = [{ state: 'completed' as const, at: NOON + 3, runMs: 5 }];
    await history.record({ tasks: [task('a')] });
    // Found in one of the queue's sets: the transition has no event.
    await history.record({
      tasks: [finished],
      transitions: [transition('a', 'completed', NOON, { seq: -1 })],
    });
    await history.record({
      tasks: [{ ...finished, settled }],
      transitions: [transition('a', 'completed', NOON + 3)],
    });
    const [all] = await history.store.numbers({ from: 0, to: NOON * 2, step: 'all' });
    expect(all).toMatchObject({ added: 1, completed: 1 });
    expect(await history.store.transitions('a')).toHaveLength(1);
    // The events tell of a second run.
    await history.record({
      tasks: [{ ...finished, finishedAt: NOON + 60_000, settled: [{ ...settled[0]!, at: NOON + 60_000 }] }],
    });
    const [again] = await history.store.numbers({ from: 0, to: NOON * 2, step: 'all' });
    expect(again).toMatchObject({ added: 1, completed: 2 });
  });

  it('takes back starts that did not happen, and frees the id of an earlier task', async () => {
    await history.record({
      tasks: [task('a', { state: 'active' })],
      attempts: [
        attempt('a', 1, { outcome: 'failed' }),
        { queue: 'default', id: 'a', number: 2, startedAt: NOON },
      ],
    });
    await history.record({ tasks: [task('a')], dropped: [{ queue: 'default', id: 'a', after: 1 }] });
    expect((await history.store.attempts('a')).map(({ number }) => number)).toEqual([1]);
    const [all] = await history.store.numbers({ from: 0, to: NOON * 2, step: 'all' });
    expect(all!.retried).toBe(0);

    const created = NOON - 60_000;
    await history.record({ tasks: [task('a', { state: 'completed' })] });
    await recording.recordAfter(
      [
        batch({ retired: [{ queue: 'default', id: 'a' }] }),
        batch({ tasks: [task('a', { createdAt: NOON })] }),
      ],
      {},
    );
    expect(await history.store.get('a')).toMatchObject({ state: 'waiting', createdAt: NOON });
    expect(await history.store.get(`a~${new Date(created).toISOString()}`)).toMatchObject({
      state: 'completed',
    });
  });

  it('has an id of its own, and indexes an empty history by the rules it is given', async () => {
    const other = await adapter.open();
    expect(recording.storeId).not.toBe(other.recording.storeId);
    expect((await history.history.again()).storeId).toBe(recording.storeId);
    await other.remove();
    await recording.checkLocation();
    expect(await recording.isIndexedBy(['input.secret'])).toBe(true);
    await history.record({ tasks: [task('a')] });
    expect(await recording.isIndexedBy(['input.other'])).toBe(false);
    while (!(await recording.reindexPiece(['input.other'])));
    expect(await recording.isIndexedBy(['input.other'])).toBe(true);
  });

  it('rejects calls after it is closed', async () => {
    await history.store.close();
    await expect(history.store.get('a')).rejects.toMatchObject({ name: 'HistoryClosedError' });
  });
});
