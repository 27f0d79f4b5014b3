import { describe, expect, it } from '@jest/globals';
import { AuditAggregation, isFoldable } from '../../../src/audit/audit-aggregation.js';
import type { AuditEntry } from '../../../src/history/ports/audit-store.js';

const HOUR = 3_600_000;
const NOON = 490_000 * HOUR;

const refused = (more: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ at: NOON, who: '', via: 'nobody', from: '203.0.113.9', permission: '', method: 'POST', route: '' },
  ...{ path: '/api/v1/tasks', targets: [], reason: null, status: 401, outcome: 'refused' },
  ...{ code: 'UNAUTHENTICATED', requestId: 'r' },
  ...more,
});

/** As the store does: what has the same id is one row. */
function kept(folds: AuditAggregation, entries: AuditEntry[]): AuditEntry[] {
  const rows = new Map<string, AuditEntry>();
  const keep = (entry: AuditEntry) => {
    const known = rows.get(entry.fold!.id);
    const count = (known?.fold!.count ?? 0) + entry.fold!.count;
    rows.set(entry.fold!.id, { ...(known ?? entry), from: entry.from, fold: { ...entry.fold!, count } });
  };
  for (const [i, entry] of entries.entries()) {
    const first = folds.add(entry);
    if (first) keep(first);
    if (i % 100 === 0) folds.drain().forEach(keep);
  }
  folds.drain().forEach(keep);
  return [...rows.values()];
}

const sum = (rows: AuditEntry[]) => rows.reduce((total, { fold }) => total + fold!.count, 0);
const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

describe('what anybody on the network can have written', () => {
  it('is one entry for what is alike, the first as it was, with its count and the last time', () => {
    const rows = kept(
      new AuditAggregation(),
      many(5000, (i) => refused({ at: NOON + i, requestId: `r${i}` })),
    );
    expect(rows).toMatchObject([
      { at: NOON, requestId: 'r0', path: '/api/v1/tasks', fold: { count: 5000, lastAt: NOON + 4999 } },
    ]);
  });

  it('is distinguished by address, way, answer, and whose name was tried', () => {
    const rows = kept(new AuditAggregation(), [
      ...[
        refused(),
        refused({ from: '203.0.113.10' }),
        refused({ path: '/other' }),
        refused({ method: 'PUT' }),
      ],
      ...[refused({ status: 403, code: 'CROSS_SITE' }), refused({ path: '/login', targets: ['ada'] })],
      ...[refused({ path: '/login', targets: ['vera'] }), refused({ path: '/login' }), refused()],
    ]);
    expect(rows.map(({ fold }) => fold!.count)).toEqual([2, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('is one entry for a /64 of IPv6, which tells the address only while it is one', () => {
    const alone = kept(
      new AuditAggregation(),
      many(3, () => refused({ from: '2001:db8:1:2::7' })),
    );
    expect(alone).toMatchObject([{ from: '2001:db8:1:2::7', fold: { count: 3 } }]);
    const all = many(500, (i) => refused({ from: `2001:db8:1:${i % 2}::${i.toString(16)}` }));
    expect(kept(new AuditAggregation(), all)).toMatchObject([
      { from: '2001:db8:1:0::/64', fold: { count: 250 } },
      { from: '2001:db8:1:1::/64', fold: { count: 250 } },
    ]);
  });

  it('is few entries for one address that does ever different things', () => {
    const long = 'x'.repeat(400);
    const rows = kept(
      new AuditAggregation(),
      many(3000, (i) => refused({ path: `/${i}/${long}` })),
    );
    expect(rows).toHaveLength(11);
    expect(sum(rows)).toBe(3000);
    expect(rows.at(-1)).toMatchObject({ from: '203.0.113.9', method: '', path: '', status: 401 });
    for (const { path } of rows) expect(path.length).toBeLessThanOrEqual(120);
  });

  it('is few entries from ever so many addresses, and no login is hidden by them', () => {
    const folds = new AuditAggregation();
    const flood = many(20_000, (i) => refused({ from: `2001:db8:${i.toString(16)}::1`, path: `/${i}` }));
    const login = refused({ from: '198.51.100.7', path: '/login', targets: ['ada'] });
    const rows = kept(folds, [...flood, login, login]);
    expect(rows.length).toBeLessThanOrEqual(52);
    expect(sum(rows)).toBe(20_002);
    expect(rows.at(-1)).toMatchObject({ from: '198.51.100.7', targets: ['ada'], fold: { count: 2 } });
    expect(rows.at(-2)).toMatchObject({ from: '', path: '', fold: { count: 19_950 } });
    // Nothing is kept of an address beyond those that have a row.
    const { sizes } = folds as unknown as { sizes: Map<string, number> };
    expect(sizes.size).toBeLessThanOrEqual(54);
  });

  it('begins anew each hour, and loses no count at its turn', () => {
    const folds = new AuditAggregation();
    folds.add(refused());
    folds.add(refused({ at: NOON + 1 }));
    const next = folds.add(refused({ at: NOON + HOUR }));
    expect(next).toMatchObject({ at: NOON + HOUR, fold: { count: 1 } });
    expect(folds.drain()).toMatchObject([{ at: NOON, fold: { count: 1, lastAt: NOON + 1 } }]);
    expect(folds.drain()).toEqual([]);
    // A request that began before the turn and ended after it counts with the new hour.
    expect(folds.add(refused({ at: NOON + 2 }))).toBeUndefined();
  });

  it('is nothing that somebody known did, but for asking too often, which shows who', () => {
    for (const outcome of ['done', 'refused', 'failed'] as const)
      for (const via of ['session', 'token', 'open'])
        expect(isFoldable(refused({ via, who: 'ada', outcome, status: 403, code: 'FORBIDDEN' }))).toBe(false);
    expect(isFoldable(refused({ who: 'ada', path: '/login', outcome: 'done', code: '' }))).toBe(false);
    const limited = (who: string, i: number) =>
      refused({
        via: 'token',
        who,
        path: `/${i}`,
        status: 429,
        code: 'TOO_MANY_REQUESTS',
        targets: [`t${i}`],
      });
    expect(isFoldable(limited('ada', 1))).toBe(true);
    const rows = kept(
      new AuditAggregation(),
      many(2000, (i) => limited(i % 2 ? 'ada' : 'olga', i)),
    );
    expect(rows).toMatchObject([
      { who: 'olga', path: '', targets: [], fold: { count: 1000 } },
      { who: 'ada', fold: { count: 1000 } },
    ]);
  });
});
