import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditEntry } from '../../../../src/history/ports/audit-store.js';
import { NOON, StoreFixture } from './store-fixture.js';

const entry = (n: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ at: NOON + n, who: 'ada', via: 'session', from: '127.0.0.1', permission: 'tasks.act', method: 'POST' },
  ...{ route: '/tasks/:id/cancel', path: `/tasks/t${n}/cancel`, targets: [`t${n}`], reason: null },
  ...{ status: 303, outcome: 'done', code: '', requestId: `r${n}` },
  ...more,
});

describe('the audit in the store', () => {
  let fixture: StoreFixture;

  beforeAll(() => {
    fixture = new StoreFixture();
    fixture.engine.appendAudit(
      Array.from({ length: 2500 }, (_, n) =>
        entry(n, {
          who: n % 2 ? 'olga' : 'ada',
          outcome: n % 100 ? 'done' : 'refused',
          targets: [`t${n}`, 'all'],
        }),
      ),
    );
  });

  afterAll(() => fixture.engine.close());

  it('gives entries back as they were, newest first', () => {
    const [newest] = fixture.engine.searchAudit({ limit: 1 });
    expect(newest).toEqual({
      ...entry(2499, { who: 'olga', targets: ['t2499', 'all'] }),
      no: 2500,
      count: 1,
      lastAt: null,
    });
  });

  it('finds by each field, whole', () => {
    const count = (search: object) => fixture.engine.searchAudit({ ...search, limit: 5000 }).length;
    expect(count({ who: 'olga' })).toBe(1250);
    expect(count({ who: 'olg' })).toBe(0);
    expect(count({ target: 't7' })).toBe(1);
    expect(count({ target: 'all', outcome: 'refused' })).toBe(25);
    expect(count({ permission: 'tasks.act', from: NOON + 10, to: NOON + 20 })).toBe(10);
    expect(count({ after: { at: NOON + 3, no: 4 } })).toBe(3);
  });

  it('keeps texts in bounds, and each target once', () => {
    const long = 'x'.repeat(5000);
    fixture.engine.appendAudit([
      entry(9000, { reason: long, path: long, targets: [long, long, 'a\u0000b'] }),
    ]);
    const [kept] = fixture.engine.searchAudit({ limit: 1 });
    expect([kept!.reason!.length, kept!.path.length, kept!.targets.length]).toEqual([500, 500, 2]);
  });

  it('forgets what is past its time, piece by piece, and nothing else', () => {
    const pieces = [];
    for (let isDone = false; !isDone;) {
      const piece = fixture.engine.forgetAuditPiece(NOON + 2400);
      pieces.push(piece.forgotten);
      isDone = piece.isDone;
    }
    expect(pieces).toEqual([1000, 1000, 400]);
    expect(fixture.engine.searchAudit({ target: 'all', limit: 5000 })).toHaveLength(100);
    expect(fixture.engine.searchAudit({ limit: 5000 })).toHaveLength(101);
  });

  it('numbers entries in their order, also beside those that stand for many, and no number twice', () => {
    const fold = (count: number) => ({ id: 'nobody', count, lastAt: NOON + 9999 });
    const { engine } = fixture;
    const numbers = () => engine.searchAudit({ who: 'eve', limit: 100 }).map(({ no, count }) => [no, count]);
    const eve = (n: number, more: Partial<AuditEntry> = {}) =>
      entry(n, { who: 'eve', targets: ['e'], ...more });
    engine.appendAudit([eve(9500), eve(9501, { fold: fold(1) }), eve(9502)]);
    const [first] = numbers().at(-1)!;
    expect(numbers()).toEqual([
      [first! + 2, 1],
      [first! + 1, 1],
      [first, 1],
    ]);
    engine.appendAudit([eve(9503, { fold: fold(4) }), eve(9504)]);
    const [newest] = numbers()[0]!;
    expect(numbers().slice(1)).toEqual([
      [first! + 2, 1],
      [first! + 1, 5],
      [first, 1],
    ]);
    expect(engine.searchAudit({ target: 'e', limit: 100 })).toHaveLength(4);
    while (!engine.forgetAuditPiece(NOON + 100_000).isDone);
    engine.appendAudit([eve(9600)]);
    expect(numbers()[0]![0]).toBeGreaterThan(newest!);
  });
});
