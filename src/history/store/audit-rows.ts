import { AUDIT_OUTCOMES, type AuditEntry, type AuditSearch, type KeptAuditEntry } from './audit-store.js';
import { BulkInsert } from './bulk-insert.js';
import type { Bindable, SqliteDatabase } from './database.js';

/** Entries removed in one go. */
const FORGET_PIECE = 1000;
/** Longest text kept of one field, in UTF-16 units, and most targets. */
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

const COLUMNS = [
  ...[
    'no',
    'at',
    'who',
    'via',
    'source',
    'permission',
    'method',
    'route',
    'path',
    'targets',
    'reason',
    'status',
  ],
  ...['outcome', 'request', 'code', 'fold', 'count', 'last'],
] as const;
const INSERT = `INSERT INTO audit (${COLUMNS.join(', ')})`;

/** The audit in the tables of the history. */
export class AuditRows {
  private readonly rows: BulkInsert;
  private readonly targets: BulkInsert;

  constructor(private readonly db: SqliteDatabase) {
    this.rows = new BulkInsert(db, INSERT, COLUMNS.length);
    this.targets = new BulkInsert(db, 'INSERT OR IGNORE INTO audit_targets (target, no)', 2);
  }

  /** All of them or none. */
  append(entries: AuditEntry[]): void {
    try {
      this.db.transaction(() => {
        let last = this.lastNo();
        for (const entry of entries) {
          if (entry.fold) {
            this.rows.flush();
            this.addTargets(this.fold(entry), entry);
            last = this.lastNo();
          } else {
            this.rows.add([++last, ...toColumns(entry)]);
            this.addTargets(last, entry);
          }
        }
        this.rows.flush();
        this.targets.flush();
      });
    } catch (error) {
      this.rows.discard();
      this.targets.discard();
      throw error;
    }
  }

  search({ who, permission, target, outcome, from, to, after, limit }: AuditSearch): KeptAuditEntry[] {
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

  /** One piece; answers how many. */
  forgetPiece(before: number): { forgotten: number; isDone: boolean } {
    return this.db.transaction(() => {
      const old = this.db.all<{ no: number; targets: string }>(
        'SELECT no, targets FROM audit WHERE at < ? ORDER BY at LIMIT ?',
        [before, FORGET_PIECE],
      );
      for (const { no, targets } of old) {
        for (const target of JSON.parse(targets) as string[])
          this.db.run('DELETE FROM audit_targets WHERE target = ? AND no = ?', [target, no]);
        this.db.run('DELETE FROM audit WHERE no = ?', [no]);
      }
      return { forgotten: old.length, isDone: old.length < FORGET_PIECE };
    });
  }

  /** Numbers are given out once, also those of entries that are forgotten by now. */
  private lastNo(): number {
    return this.db.get<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'audit'")?.seq ?? 0;
  }

  /** One that stands for many takes the place of what it stood for so far; answers its number. */
  private fold(entry: AuditEntry): number {
    return this.db.get<{ no: number }>(
      `${INSERT} VALUES (${COLUMNS.map(() => '?').join(', ')})
       ON CONFLICT (fold) WHERE fold IS NOT NULL
       DO UPDATE SET count = count + excluded.count, last = excluded.last, source = excluded.source RETURNING no`,
      [null, ...toColumns(entry)],
    )!.no;
  }

  private addTargets(no: number, entry: AuditEntry): void {
    for (const target of targetsOf(entry)) this.targets.add([target, no]);
  }
}

function cut(text: string): string {
  return text.slice(0, MAX_TEXT);
}

function targetsOf({ targets }: AuditEntry): string[] {
  return [...new Set(targets.map(cut))].slice(0, MAX_TARGETS);
}

/** All but the number. */
function toColumns(entry: AuditEntry): Bindable[] {
  return [
    ...[entry.at, cut(entry.who), entry.via, cut(entry.from), entry.permission],
    ...[cut(entry.method), cut(entry.route), cut(entry.path), JSON.stringify(targetsOf(entry))],
    entry.reason === null ? null : cut(entry.reason),
    ...[entry.status, AUDIT_OUTCOMES.indexOf(entry.outcome), entry.requestId, entry.code],
    ...[entry.fold?.id ?? null, entry.fold?.count ?? 1, entry.fold?.lastAt ?? null],
  ];
}

function toEntry({ source, targets, outcome, request, fold: _, last, ...row }: AuditColumns): KeptAuditEntry {
  return {
    ...row,
    lastAt: row.count > 1 ? last : null,
    from: source,
    targets: JSON.parse(targets) as string[],
    outcome: AUDIT_OUTCOMES[outcome] ?? 'failed',
    requestId: request,
  };
}
