import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditFile } from '../../../../src/history/sqlite/audit-file.js';
import { digestOf, linkHash } from '../../../../src/history/sqlite/audit-chain.js';
import { AUDIT_COLUMNS } from '../../../../src/history/sqlite/audit-rows.js';
import { toAuditKey } from '../../../../src/history/sqlite/audit-seal.js';
import type { AuditEntry } from '../../../../src/history/ports/audit-store.js';
import { SqliteDatabase } from '../../../../src/history/sqlite/database.js';
import { StoreEngine } from '../../../../src/history/sqlite/store-engine.js';
import { StoreFixture } from './store-fixture.js';
import { NOON } from '../../../support/history-rows.js';

const KEY = toAuditKey('the secret of the web apps');

const entry = (n: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ at: NOON + n, who: 'ada', via: 'session', from: '127.0.0.1', permission: 'tasks.act', method: 'POST' },
  ...{ route: '/tasks/:id/cancel', path: `/tasks/t${n}/cancel`, targets: [`t${n}`], reason: null },
  ...{ status: 303, outcome: 'done', code: '', requestId: `r${n}` },
  ...more,
});
const fold = (n: number, count: number) =>
  entry(n, { who: '', via: 'nobody', fold: { id: 'f', count, lastAt: NOON + n } });

describe('S46: the chain over the audit', () => {
  let fixture: StoreFixture;

  beforeEach(() => {
    fixture = new StoreFixture({ auditKey: KEY });
    // Three commits: links 1 to 3, 4 and 5, 6 to 8. Entry 2 stands for many, and the number 4 is left out.
    fixture.engine.appendAudit([entry(1), fold(2, 1), entry(3)]);
    fixture.engine.appendAudit([fold(4, 7), entry(5)]);
    fixture.engine.appendAudit([entry(6), entry(7), entry(8)]);
  });

  afterEach(() => fixture.engine.close());

  const check = (keys: string[] = [KEY], noted?: { n: number; hash: string }) => {
    const file = new AuditFile(fixture.file, keys);
    try {
      return file.check(noted);
    } finally {
      file.close();
    }
  };
  /** As somebody who can write to the file does it. */
  const tamper = (...statements: string[]) => {
    const db = new SqliteDatabase(fixture.file, undefined, ['busy_timeout = 5000']);
    for (const sql of statements) db.exec(sql);
    db.close();
  };
  /** Links anew what is there, as somebody without the secret can. */
  const relink = (seal: string | null = null) => {
    const db = new SqliteDatabase(fixture.file, undefined, ['busy_timeout = 5000']);
    let previous = '';
    for (const { n, entry: no } of db.all<{ n: number; entry: number }>(
      'SELECT n, entry FROM audit_chain ORDER BY n',
    )) {
      const [row] = db.lists(`SELECT ${AUDIT_COLUMNS.join(', ')} FROM audit WHERE no = ?`, [no]);
      const link = { n, entry: no, at: row![1] as number, digest: digestOf(row!) };
      const hash = linkHash(previous, link);
      db.run('UPDATE audit_chain SET at = ?, digest = ?, hash = ? WHERE n = ?', [
        ...[link.at, link.digest, hash, n],
      ]);
      if (seal !== null) db.run('UPDATE audit_chain SET seal = ? WHERE seal IS NOT NULL', [seal]);
      previous = hash;
    }
    db.close();
  };

  it('holds where nobody touched it, with every text as the store keeps it', () => {
    const strange = 'a\0b \ud800 \u{1f40b} "\n';
    fixture.engine.appendAudit([
      entry(9, { who: strange, via: strange, path: strange, reason: strange, targets: [strange, '\ud800'] }),
    ]);
    expect(check()).toEqual({
      ...{ entries: 8, uncovered: 0, forgottenBefore: null, first: 0, unknownSeals: 0, isSealed: true },
      head: { n: 9, hash: expect.stringMatching(/^[\w-]{43}$/) },
    });
  });

  it('goes on through other web apps that write at once, restarts, and a commit that is undone', () => {
    const others = [1, 2].map(() => new StoreEngine({ file: fixture.file, auditKey: KEY }));
    for (let n = 10; n < 40; n++) others[n % 2]!.appendAudit([entry(n), fold(n, 1)]);
    expect(() => fixture.engine.appendAudit([entry(50), { ...entry(51), targets: [7 as never] }])).toThrow();
    fixture.reopen();
    fixture.engine.appendAudit([entry(52)]);
    for (const other of others) other.close();
    expect(check().broken).toBeUndefined();
    expect(check()).toMatchObject({ entries: 38, isSealed: true, head: { n: 69 } });
  });

  it.each([
    ['a count set back', `UPDATE audit SET count = 1, last = ${NOON + 2} WHERE no = 2`, 2],
    ['a count raised', 'UPDATE audit SET count = 9 WHERE no = 2', 2],
    ['an entry removed', 'DELETE FROM audit WHERE no = 5', 5],
    [
      'an entry added',
      'INSERT INTO audit SELECT 99, at, who, via, source, permission, method, route, path, targets, reason, status, outcome, request, code, count, last, fold FROM audit WHERE no = 5',
      99,
    ],
    [
      'two exchanged',
      'UPDATE audit SET no = -1 WHERE no = 5; UPDATE audit SET no = 5 WHERE no = 6; UPDATE audit SET no = 6 WHERE no = -1',
      5,
    ],
    [
      'an entry removed with its link',
      'DELETE FROM audit WHERE no = 5; DELETE FROM audit_chain WHERE entry = 5',
      6,
    ],
    ['a link changed', `UPDATE audit_chain SET at = 1 WHERE entry = 5`, 5],
    ['a seal of another kind', `UPDATE audit_chain SET seal = '' WHERE n = 8`, 8],
    ['a seal moved', 'UPDATE audit_chain SET seal = NULL WHERE n = 5', 8],
  ])('reports %s, and names the entry', (_what, sql, no) => {
    tamper(sql as string);
    expect(check().broken).toMatchObject({ entry: no });
  });

  it('covers every column of an entry', () => {
    tamper('CREATE TABLE kept AS SELECT * FROM audit WHERE no = 5');
    for (const name of AUDIT_COLUMNS.filter((column) => column !== 'no')) {
      tamper(`UPDATE audit SET "${name}" = 77 WHERE no = 5`);
      expect({ name, ...check().broken }).toMatchObject({ name, entry: 5 });
      tamper('DELETE FROM audit WHERE no = 5; INSERT INTO audit SELECT * FROM kept');
    }
    expect(check().broken).toBeUndefined();
  });

  it('reports what retention did not remove, and a beginning that was moved', () => {
    for (const sql of [
      `UPDATE audit_anchor SET before = ${NOON + 9}; DELETE FROM audit WHERE no = 5`,
      'UPDATE audit_anchor SET since = 4; DELETE FROM audit_chain WHERE n <= 4',
      'DELETE FROM audit_anchor',
      'UPDATE audit_anchor SET seal = NULL',
    ]) {
      tamper('CREATE TABLE kept AS SELECT * FROM audit_anchor', sql);
      expect({ sql, ...check().broken }).toMatchObject({ sql, what: expect.stringMatching(/begin/) });
      tamper('DELETE FROM audit_anchor; INSERT INTO audit_anchor SELECT * FROM kept; DROP TABLE kept');
    }
  });

  it('reports a chain that was written anew by who does not have the secret, and not without the secret', () => {
    tamper("UPDATE audit SET who = 'eve' WHERE no = 5");
    relink();
    expect(check().broken).toMatchObject({ what: expect.stringContaining('not sealed by a web app') });
    expect(check([])).toMatchObject({ entries: 7, isSealed: false });
    expect(check([]).broken).toBeUndefined();
    relink('');
    expect(check().broken).toMatchObject({ entry: 3 });
  });

  it('reports an entry slipped in before the next is written by a web app, which seals its own alone', () => {
    const db = new SqliteDatabase(fixture.file, undefined, ['busy_timeout = 5000']);
    const [last] = db.all<{ n: number; hash: string }>(
      'SELECT n, hash FROM audit_chain ORDER BY n DESC LIMIT 1',
    );
    db.exec(
      'INSERT INTO audit SELECT 9, at, who, via, source, permission, method, route, path, targets, reason, status, outcome, request, code, count, last, fold FROM audit WHERE no = 7',
    );
    const [row] = db.lists(`SELECT ${AUDIT_COLUMNS.join(', ')} FROM audit WHERE no = 9`);
    const link = { n: 9, entry: 9, at: row![1] as number, digest: digestOf(row!) };
    db.run('INSERT INTO audit_chain VALUES (9, 9, ?, ?, ?, NULL)', [
      ...[link.at, link.digest, linkHash(last!.hash, link)],
    ]);
    db.close();
    fixture.engine.appendAudit([entry(20)]);
    expect(check().broken).toMatchObject({ what: expect.stringContaining('since link 9') });
  });

  it('tells by a head that was noted of an end that was cut off, and of a whole other chain', () => {
    const { head } = check();
    expect(check([KEY], head).broken).toBeUndefined();
    tamper('DELETE FROM audit WHERE no > 5; DELETE FROM audit_chain WHERE n > 5');
    expect(check().broken).toBeUndefined();
    expect(check([KEY], head).broken).toEqual({ what: 'The audit ends before the noted head (8).' });
    fixture.engine.appendAudit([entry(30), entry(31), entry(32)]);
    expect(check().broken).toBeUndefined();
    expect(check([KEY], head).broken).toMatchObject({ what: expect.stringContaining('head was noted') });
  });

  it('says of seals by another secret that nothing is known of them', () => {
    fixture.engine.close();
    const other = toAuditKey('another secret');
    fixture.engine = new StoreEngine({ file: fixture.file, auditKey: other });
    fixture.engine.appendAudit([entry(9)]);
    expect(check([other])).toMatchObject({ entries: 8, unknownSeals: 4, isSealed: true });
    expect(check([KEY])).toMatchObject({ entries: 8, unknownSeals: 1, isSealed: false });
    expect(check([other, KEY])).toMatchObject({ entries: 8, unknownSeals: 0, isSealed: true });
  });

  it('holds behind what retention removed, whole commits at a time', () => {
    const forget = (before: number) => fixture.engine.forgetAuditPiece(before).forgotten;
    const { head } = check();
    expect(forget(NOON + 4)).toBe(3);
    // The link of the entry that stands for many is in the second commit.
    expect(check()).toMatchObject({ entries: 4, first: 3, forgottenBefore: NOON + 4, isSealed: true });
    expect(check([KEY], head).broken).toBeUndefined();
    expect(forget(NOON + 7)).toBe(2);
    expect(check()).toMatchObject({ entries: 2, first: 5, isSealed: true });
    tamper('DELETE FROM audit WHERE no = 7');
    expect(check().broken).toMatchObject({ entry: 7, what: 'This entry was removed.' });
  });

  it('holds when retention removed all of it, and goes on from there', () => {
    const { head } = check();
    fixture.engine.forgetAuditPiece(NOON + 100);
    expect(check([KEY], head)).toMatchObject({ entries: 0, first: 8, isSealed: true, head });
    fixture.engine.appendAudit([entry(200)]);
    expect(check([KEY], head)).toMatchObject({ entries: 1, isSealed: true, head: { n: 9 } });
    expect(check([KEY], { ...head, hash: 'x'.repeat(43) }).broken).toBeDefined();
  });

  it('shows how many entries are from before there was a chain', () => {
    tamper('DELETE FROM audit_chain; DELETE FROM audit_anchor');
    expect(check()).toMatchObject({ entries: 0, uncovered: 7, head: { n: 0 } });
    fixture.engine.appendAudit([entry(9)]);
    expect(check()).toMatchObject({ entries: 1, uncovered: 7, isSealed: true });
    const file = new AuditFile(fixture.file);
    const all = [...file.entries()];
    file.close();
    expect(all.map(({ entry: { no }, link }) => [no, link?.n])).toEqual([
      ...[1, 2, 3, 5, 6, 7, 8].map((no) => [no, undefined]),
      [9, 1],
    ]);
  });

  it('is read entry by entry, each once and in order', () => {
    const file = new AuditFile(fixture.file);
    const all = [...file.entries()].map(({ entry: { no, count }, link }) => [no, count, link!.n]);
    file.close();
    expect(all).toEqual([
      [1, 1, 1],
      [2, 8, 2],
      [3, 1, 3],
      [5, 1, 5],
      [6, 1, 6],
      [7, 1, 7],
      [8, 1, 8],
    ]);
  });
});
