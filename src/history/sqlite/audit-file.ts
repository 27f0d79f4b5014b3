import { existsSync } from 'node:fs';
import { type AuditCheck, checkAudit } from './audit-check.js';
import { readAnchor } from './audit-chain.js';
import { readLinks } from './audit-links.js';
import { AUDIT_COLUMNS, toStoredEntry } from './audit-rows.js';
import { AuditSeal } from './audit-seal.js';
import type { StoredAuditEntry } from '../ports/audit-store.js';
import { SqliteDatabase } from './database.js';
import { HistoryFileError } from '../ports/history-errors.js';
import { checkFormat } from './migrate.js';

/** The file format that introduced the chain. */
const FIRST_FORMAT = 9;
const ROWS_PER_READ = 1_000;

export interface LinkedEntry {
  entry: StoredAuditEntry;
  /** Null for an entry from before the chain existed. */
  link: { n: number; hash: string } | null;
}

/** The audit in a history file, for reading and checking while web apps continue to write. Changes nothing. */
export class AuditFile {
  private readonly db: SqliteDatabase;

  /** @throws HistoryFileError when there is no file, or this version cannot check it. */
  constructor(
    file: string,
    private readonly keys: readonly string[] = [],
  ) {
    if (!existsSync(file)) throw new HistoryFileError(`There is no history at ${file}.`);
    this.db = new SqliteDatabase(file, undefined, ['busy_timeout = 5000']);
    try {
      checkFormat(this.db);
      const { user_version: format } = this.db.get<{ user_version: number }>('PRAGMA user_version')!;
      if (format < FIRST_FORMAT)
        throw new HistoryFileError(
          `${file} was last written by a Roost without a chain over the audit. Start the web app of this version once.`,
        );
    } catch (error) {
      this.db.close();
      throw error;
    }
  }

  check(noted?: { n: number; hash: string }): AuditCheck {
    return checkAudit(this.db, new AuditSeal(this.keys), noted);
  }

  /** Returns each entry once, in its current state, in the order of writing. */
  *entries(): Generator<LinkedEntry> {
    const since = readAnchor(this.db)?.since ?? Number.MAX_SAFE_INTEGER;
    yield* this.unlinked(since);
    const repeated = new Set<number>();
    for (let after = 0; ;) {
      const links = readLinks(this.db, after, ROWS_PER_READ);
      for (const { n, hash, row } of links) {
        const entry = row && toStoredEntry(row);
        if (!entry || repeated.has(entry.no)) continue;
        if (entry.count > 1) repeated.add(entry.no);
        yield { entry, link: { n, hash } };
      }
      if (links.length < ROWS_PER_READ) return;
      after = links.at(-1)!.n;
    }
  }

  private *unlinked(upTo: number): Generator<LinkedEntry> {
    for (let after = 0; ;) {
      const rows = this.db.lists(
        `SELECT ${AUDIT_COLUMNS.join(', ')} FROM audit WHERE no > ? AND no <= ? ORDER BY no LIMIT ?`,
        [after, upTo, ROWS_PER_READ],
      );
      for (const row of rows) yield { entry: toStoredEntry(row), link: null };
      if (rows.length < ROWS_PER_READ) return;
      after = rows.at(-1)![0] as number;
    }
  }

  close(): void {
    this.db.close();
  }
}
