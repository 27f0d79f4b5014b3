import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AuditEntry, AuditSearch, AuditStore } from '../../../src/history/ports/audit-store.js';
import { ADAPTERS } from './adapters.js';
import { HistoryFixture } from './history-fixture.js';
import { NOON } from '../../support/history-rows.js';

const entry = (n: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ at: NOON + n, who: 'ada', via: 'session', from: '127.0.0.1', permission: 'tasks.act', method: 'POST' },
  ...{ route: '/tasks/:id/cancel', path: `/tasks/t${n}/cancel`, targets: [`t${n}`], reason: null },
  ...{ status: 303, outcome: 'done', code: '', requestId: `r${n}` },
  ...more,
});

describe.each(ADAPTERS)('the audit in the store ($name)', (adapter) => {
  let history: HistoryFixture;
  let audits: AuditStore;

  beforeEach(async () => {
    history = await HistoryFixture.open(adapter);
    ({ audits } = history.store);
    await audits.append(
      Array.from({ length: 2500 }, (_, n) =>
        entry(n, {
          who: n % 2 ? 'olga' : 'ada',
          outcome: n % 100 ? 'done' : 'refused',
          targets: [`t${n}`, 'all'],
        }),
      ),
    );
  });

  afterEach(() => history.remove());

  /** All entries that match, read in pages. */
  const count = async (search: Partial<AuditSearch>) => {
    let n = 0;
    for (let after = search.after; ;) {
      const page = await audits.search({ ...search, ...(after ? { after } : {}), limit: 1000 });
      n += page.length;
      if (page.length < 1000) return n;
      after = page.at(-1)!;
    }
  };

  it('gives entries back as they were, newest first', async () => {
    const [newest] = await audits.search({ limit: 1 });
    expect(newest).toEqual({
      ...entry(2499, { who: 'olga', targets: ['t2499', 'all'] }),
      no: 2500,
      count: 1,
      lastAt: null,
    });
  });

  it('finds by each field, whole', async () => {
    expect(await count({ who: 'olga' })).toBe(1250);
    expect(await count({ who: 'olg' })).toBe(0);
    expect(await count({ target: 't7' })).toBe(1);
    expect(await count({ target: 'all', outcome: 'refused' })).toBe(25);
    expect(await count({ permission: 'tasks.act', from: NOON + 10, to: NOON + 20 })).toBe(10);
    expect(await count({ after: { at: NOON + 3, no: 4 } })).toBe(3);
  });

  it('keeps texts in bounds, and each target once', async () => {
    const long = 'x'.repeat(5000);
    await audits.append([entry(9000, { reason: long, path: long, targets: [long, long, 'a\u0000b'] })]);
    const [kept] = await audits.search({ limit: 1 });
    expect([kept!.reason!.length, kept!.path.length, kept!.targets.length]).toEqual([500, 500, 2]);
  });

  it('forgets what is past its time, piece by piece, and nothing else', async () => {
    const forgetting = audits.forget(NOON + 2400);
    const appending = audits.append([entry(9001)]);
    const first = await Promise.race([forgetting.then(() => 'forgotten'), appending.then(() => 'appended')]);
    expect(first).toBe('appended');
    expect(await forgetting).toBe(2400);
    expect(await count({ target: 'all' })).toBe(100);
    expect(await count({})).toBe(101);
  });

  it('lets one process export to a target, from where the last one stopped', async () => {
    const links = await audits.links(0, 1000);
    const { n } = links[0]!;
    const head = (await audits.claimExport('siem', 'a', NOON, 1000))!.head;
    expect(head).toBeGreaterThanOrEqual(links.at(-1)!.n);
    expect(await audits.claimExport('siem', 'b', NOON + 999, 1000)).toBeUndefined();
    // A new export begins with what is written from then on.
    expect(await audits.claimExport('other', 'b', NOON, 1000)).toEqual({ n: head, head });
    await audits.noteExport('siem', 'a', n);
    expect(await audits.claimExport('siem', 'b', NOON + 1000, 1000)).toEqual({ n, head });
    // The former holder has lost its lease.
    await audits.noteExport('siem', 'a', n + 1);
    await audits.releaseExport('siem', 'a');
    expect(await audits.claimExport('siem', 'a', NOON + 1001, 1000)).toBeUndefined();
    await audits.releaseExport('siem', 'b');
    expect(await audits.claimExport('siem', 'a', NOON + 1001, 1000)).toEqual({ n, head });
  });

  it('numbers entries in their order, also beside those that stand for many, and no number twice', async () => {
    const fold = (count: number) => ({ id: 'nobody', count, lastAt: NOON + 9999 });
    const numbers = async () =>
      (await audits.search({ who: 'eve', limit: 100 })).map(({ no, count }) => [no, count]);
    const eve = (n: number, more: Partial<AuditEntry> = {}) =>
      entry(n, { who: 'eve', targets: ['e'], ...more });
    await audits.append([eve(9500), eve(9501, { fold: fold(1) }), eve(9502)]);
    const [first] = (await numbers()).at(-1)!;
    expect(await numbers()).toEqual([
      [first! + 2, 1],
      [first! + 1, 1],
      [first, 1],
    ]);
    await audits.append([eve(9503, { fold: fold(4) }), eve(9504)]);
    const [newest] = (await numbers())[0]!;
    expect((await numbers()).slice(1)).toEqual([
      [first! + 2, 1],
      [first! + 1, 5],
      [first, 1],
    ]);
    expect(await audits.search({ target: 'e', limit: 100 })).toHaveLength(4);
    await audits.forget(NOON + 100_000);
    await audits.append([eve(9600)]);
    expect((await numbers())[0]![0]).toBeGreaterThan(newest!);
  });
});
