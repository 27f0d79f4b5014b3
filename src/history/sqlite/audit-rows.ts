import { AuditChain } from './audit-chain.js';
import type { AuditSeal } from './audit-seal.js';
import {
  AUDIT_OUTCOMES,
  type AuditEntry,
  type AuditSearch,
  type StoredAuditEntry,
} from '../ports/audit-store.js';
import { BulkInsert } from './bulk-insert.js';
import type { Bindable, SqliteDatabase } from './database.js';

/** Entries deleted per chunk. */
const DELETE_CHUNK = 1000;
/** Maximum stored length of one field, UTF-16 units, and maximum targets. */
const MAX_TEXT = 500;
const MAX_TARGETS = 100;

interface AuditColumns {
  no: number;
  at: number;
  who: string;
  via: string;
  source: string;
  permission: string;
  method: string;
  route: string;
  path: string;
  targets: string;
  reason: string | null;
  status: number;
  outcome: number;
  request: string;
  code: string;
  count: number;
  last: number | null;
  fold: string | null;
}

export const AUDIT_COLUMNS = [
  ...['no', 'at', 'who', 'via', 'source', 'permission', 'method', 'route', 'path', 'targets', 'reason'],
  ...['status', 'outcome', 'request', 'code', 'fold', 'count', 'last'],
] as const;
const INSERT = `INSERT INTO audit (${AUDIT_COLUMNS.join(', ')})`;

/** The audit in the tables of the history. */
export class AuditRows {
  private readonly rows: BulkInsert;
  private readonly targets: BulkInsert;
  private readonly chain: AuditChain;

  constructor(
    private readonly db: SqliteDatabase,
    seal: AuditSeal,
  ) {
    this.chain = new AuditChain(db, seal);
    this.rows = new BulkInsert(db, INSERT, AUDIT_COLUMNS.length);
    this.targets = new BulkInsert(db, 'INSERT OR IGNORE INTO audit_targets (target, no)', 2);
  }

  /** Appends all entries or none. */
  append(entries: AuditEntry[]): void {
    try {
      this.db.transaction(() => {
        let last = this.lastNo();
        this.chain.begin(last);
        for (const entry of entries) {
          let row: Bindable[];
          if (entry.fold) {
            this.rows.flush();
            row = this.fold(entry);
            last = this.lastNo();
          } else {
            row = [++last, ...toColumns(entry)];
            this.rows.add(row);
          }
          const no = row[0] as number;
          this.chain.add(no, row[1] as number, row);
          this.addTargets(no, entry);
        }
        this.rows.flush();
        this.targets.flush();
        this.chain.flush();
      });
    } catch (error) {
      this.chain.discard();
      this.rows.discard();
      this.targets.discard();
      throw error;
    }
  }

  search({ who, permission, target, outcome, from, to, after, limit }: AuditSearch): StoredAuditEntry[] {
    const where: string[] = [];
    const params: Bindable[] = [];
    const also = (sql: string, ...values: Bindable[]) => {
      where.push(sql);
      params.push(...values);
    };
    if (who !== undefined) also('who = ?', who);
    if (permission !== undefined) also('permission = ?', permission);
    if (target !== undefined) also('no IN (SELECT no FROM audit_targets WHERE target = ?)', target);
    if (outcome !== undefined) also('outcome = ?', AUDIT_OUTCOMES.indexOf(outcome));
    if (from !== undefined) also('at >= ?', from);
    if (to !== undefined) also('at < ?', to);
    if (after !== undefined) also('(at, no) < (?, ?)', after.at, after.no);
    const rows = this.db.all<AuditColumns>(
      `SELECT * FROM audit ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY at DESC, no DESC LIMIT ?`,
      [...params, limit],
    );
    return rows.map(toEntry);
  }

  /** Deletes one chunk; returns how many. */
  forgetPiece(before: number): { forgotten: number; isDone: boolean } {
    return this.db.transaction(() => {
      const old = this.db.all<{ no: number; targets: string }>(
        'SELECT no, targets FROM audit WHERE at < ? ORDER BY at LIMIT ?',
        [before, DELETE_CHUNK],
      );
      for (const { no, targets } of old) {
        for (const target of JSON.parse(targets) as string[])
          this.db.run('DELETE FROM audit_targets WHERE target = ? AND no = ?', [target, no]);
        this.db.run('DELETE FROM audit WHERE no = ?', [no]);
      }
      const isDone = old.length < DELETE_CHUNK;
      this.chain.prune(before, old.length, isDone);
      return { forgotten: old.length, isDone };
    });
  }

  /** Numbers are never reused, even those of deleted entries. */
  private lastNo(): number {
    return this.db.get<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'audit'")?.seq ?? 0;
  }

  /** Inserts an aggregated entry or adds to the stored one; returns its columns. */
  private fold(entry: AuditEntry): Bindable[] {
    return this.db.lists(
      `${INSERT} VALUES (${AUDIT_COLUMNS.map(() => '?').join(', ')})
       ON CONFLICT (fold) WHERE fold IS NOT NULL
       DO UPDATE SET count = count + excluded.count, last = excluded.last, source = excluded.source
       RETURNING ${AUDIT_COLUMNS.join(', ')}`,
      [null, ...toColumns(entry)],
    )[0]!;
  }

  private addTargets(no: number, entry: AuditEntry): void {
    for (const target of targetsOf(entry)) this.targets.add([target, no]);
  }
}

function cut(text: string): string {
  return text.slice(0, MAX_TEXT);
}

/**
 * Normalizes a value to the form in which the store returns it: the digest of an entry must match the row that is
 * read.
 */
function storable(value: Bindable): Bindable {
  return typeof value === 'string'
    ? value.replace(/\p{Surrogate}/gu, '\ufffd').replaceAll('\0', '\u2400')
    : value;
}

function targetsOf({ targets }: AuditEntry): string[] {
  return [...new Set(targets.map(cut))].slice(0, MAX_TARGETS);
}

/** All columns except the number. */
function toColumns(entry: AuditEntry): Bindable[] {
  return [
    ...[entry.at, cut(entry.who), entry.via, cut(entry.from), entry.permission],
    ...[cut(entry.method), cut(entry.route), cut(entry.path), JSON.stringify(targetsOf(entry))],
    entry.reason === null ? null : cut(entry.reason),
    ...[entry.status, AUDIT_OUTCOMES.indexOf(entry.outcome), entry.requestId, entry.code],
    ...[entry.fold?.id ?? null, entry.fold?.count ?? 1, entry.fold?.lastAt ?? null],
  ].map(storable);
}

function toEntry({
  source,
  targets,
  outcome,
  request,
  fold: _,
  last,
  ...row
}: AuditColumns): StoredAuditEntry {
  return {
    ...row,
    lastAt: row.count > 1 ? last : null,
    from: source,
    targets: JSON.parse(targets) as string[],
    outcome: AUDIT_OUTCOMES[outcome] ?? 'failed',
    requestId: request,
  };
}

/** Converts a list of all columns, in their order. */
export function toStoredEntry(row: readonly Bindable[]): StoredAuditEntry {
  return toEntry(
    Object.fromEntries(AUDIT_COLUMNS.map((name, i) => [name, row[i]])) as unknown as AuditColumns,
  );
}
