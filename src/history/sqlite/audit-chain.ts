import { hash } from 'node:crypto';
import type { AuditSeal } from './audit-seal.js';
import { build } from './builder.js';
import { BulkInsert } from './bulk-insert.js';
import type { Bindable, SqliteDatabase } from './database.js';
import type { AuditAnchorColumns } from './schema.js';

/** Content of a link. Each write of an entry adds one link, so an aggregated entry has several. */
export interface LinkFacts {
  n: number;
  entry: number;
  /** Time of the entry; determines which links retention may have removed. */
  at: number;
  digest: string;
}

const COLUMNS = ['n', 'entry', 'at', 'digest', 'hash', 'seal'] as const;

/**
 * Hash chain over the audit: one link per write of an entry, whose hash covers the entry and the previous link. The
 * last link of each commit carries a seal over all links of the commit, or '' if the process has no key. No seal
 * covers a link that another program adds. Retention removes commits from the beginning and stores the new beginning
 * as an anchor. Must be called in the transaction that writes the entries, so that concurrent web apps continue one
 * chain.
 */
export class AuditChain {
  private readonly links: BulkInsert;
  private last = { n: 0, hash: '' };
  /** The last link before this commit. */
  private before = 0;
  /** The last link of this commit, not inserted yet because it will be sealed. */
  private open: Bindable[] | undefined;

  constructor(
    private readonly db: SqliteDatabase,
    private readonly seal: AuditSeal,
  ) {
    this.links = new BulkInsert(db, `INSERT INTO audit_chain (${COLUMNS.join(', ')})`, COLUMNS.length);
  }

  /** Continues where the last commit ended. `lastEntry`: the last entry from before the chain existed. */
  begin(lastEntry: number): void {
    this.last = readHead(this.db) ?? this.start(lastEntry);
    this.before = this.last.n;
  }

  /** `row`: the entry's columns as stored. */
  add(entry: number, at: number, row: readonly Bindable[]): void {
    if (this.open) this.links.add(this.open);
    const facts = { n: this.last.n + 1, entry, at, digest: digestOf(row) };
    this.last = { n: facts.n, hash: linkHash(this.last.hash, facts) };
    this.open = [facts.n, entry, at, facts.digest, this.last.hash, null];
  }

  flush(): void {
    if (!this.open) return;
    this.open[5] = this.seal.seal(sealText(this.before, this.last.hash)) ?? '';
    this.links.add(this.open);
    this.open = undefined;
    this.links.flush();
  }

  discard(): void {
    this.open = undefined;
    this.links.discard();
  }

  /**
   * Records that entries from before this time may be gone; `gone`: number of entries just deleted. When all of them
   * are gone, removes the leading commits that cover only deleted entries.
   */
  prune(before: number, gone: number, areAllGone: boolean): void {
    const anchor = readAnchor(this.db);
    const dropped = areAllGone ? this.dropLinks(before) : undefined;
    if (!anchor || (gone === 0 && !dropped)) return;
    this.save({ ...anchor, ...dropped, before: Math.max(anchor.before, before) });
  }

  /** Removes whole commits, because a seal covers a whole commit. Returns the last removed link. */
  private dropLinks(before: number): { n: number; hash: string } | undefined {
    const [oldest] = this.db.query(
      build.selectFrom('audit_chain').select('n').where('at', '>=', before).orderBy('n').limit(1).compile(),
    );
    const [last] = this.db.query(
      build
        .selectFrom('audit_chain')
        .select(['n', 'hash'])
        .where('n', '<', oldest?.n ?? Number.MAX_SAFE_INTEGER)
        .where('seal', 'is not', null)
        .orderBy('n', 'desc')
        .limit(1)
        .compile(),
    );
    if (last) this.db.execute(build.deleteFrom('audit_chain').where('n', '<=', last.n).compile());
    return last;
  }

  private start(lastEntry: number): { n: number; hash: string } {
    const anchor = { n: 0, hash: '', before: 0, since: lastEntry };
    this.save(anchor);
    return anchor;
  }

  private save({ n, hash, before, since }: Omit<AuditAnchorColumns, 'id' | 'seal'>): void {
    const values = { n, hash, before, since, seal: this.seal.seal(anchorText({ n, hash, before, since })) };
    this.db.execute(
      build
        .insertInto('audit_anchor')
        .values({ id: 1, ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .compile(),
    );
  }
}

/** Returns the end of the chain; undefined when nothing was ever written to it. */
export function readHead(db: SqliteDatabase): { n: number; hash: string } | undefined {
  const [last] = db.query(
    build.selectFrom('audit_chain').select(['n', 'hash']).orderBy('n', 'desc').limit(1).compile(),
  );
  return last ?? readAnchor(db);
}

export function readAnchor(db: SqliteDatabase): AuditAnchorColumns | undefined {
  return db.query(build.selectFrom('audit_anchor').selectAll().compile())[0];
}

export function linkHash(previous: string, { n, entry, at, digest }: LinkFacts): string {
  return hash('sha256', [previous, n, entry, at, digest].join('\n'), 'base64url');
}

export function digestOf(row: readonly Bindable[]): string {
  return hash('sha256', JSON.stringify(row), 'base64url');
}

/** Text that the seal of a commit covers: its links from the one after `before` to the one with this hash. */
export function sealText(before: number, last: string): string {
  return `${before}\n${last}`;
}

/** Text that the seal of an anchor covers. */
export function anchorText({ n, hash, before, since }: Omit<AuditAnchorColumns, 'id' | 'seal'>): string {
  return ['anchor', n, hash, before, since].join('\n');
}
