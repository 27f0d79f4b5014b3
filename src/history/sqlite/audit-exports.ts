import { readHead } from './audit-chain.js';
import type { ExportTurn } from '../ports/audit-store.js';
import { build } from './builder.js';
import type { SqliteDatabase } from './database.js';

/** Export progress of the audit by target, with a lease so that only one web app exports at a time. */
export class AuditExports {
  constructor(private readonly db: SqliteDatabase) {}

  /**
   * Acquires or renews the lease for `forMs`; undefined while another process holds it. A new export begins with
   * entries written from then on.
   */
  claim(target: string, holder: string, now: number, forMs: number): ExportTurn | undefined {
    return this.db.transaction(() => {
      const head = readHead(this.db)?.n ?? 0;
      const [row] = this.db.query(
        build.selectFrom('audit_exports').selectAll().where('target', '=', target).compile(),
      );
      const until = now + forMs;
      if (!row) {
        const first = { target, n: head, holder, until };
        this.db.execute(build.insertInto('audit_exports').values(first).compile());
        return { n: head, head };
      }
      // A lease that ends later than any valid one comes from a wrong clock.
      if (row.holder !== holder && row.until > now && row.until <= until) return undefined;
      this.db.execute(
        build.updateTable('audit_exports').set({ holder, until }).where('target', '=', target).compile(),
      );
      // An older copy of the history may have replaced the file.
      return { n: Math.min(row.n, head), head };
    });
  }

  /** Records the progress; ignored unless `holder` holds the lease. */
  note(target: string, holder: string, n: number): void {
    this.db.execute(
      build
        .updateTable('audit_exports')
        .set({ n })
        .where('target', '=', target)
        .where('holder', '=', holder)
        .compile(),
    );
  }

  /** Releases the lease, so that another process can acquire it at once. */
  release(target: string, holder: string): void {
    this.db.execute(
      build
        .updateTable('audit_exports')
        .set({ until: 0 })
        .where('target', '=', target)
        .where('holder', '=', holder)
        .compile(),
    );
  }
}
