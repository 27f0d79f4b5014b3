import type { LinkFacts } from './audit-chain.js';
import { AUDIT_COLUMNS } from './audit-rows.js';
import type { Bindable, SqliteDatabase } from './database.js';

/** A link of the chain with its entry. */
export interface AuditLinkRow extends LinkFacts {
  hash: string;
  seal: string | null;
  /** Current columns of the entry; undefined when it is gone. */
  row: Bindable[] | undefined;
}

const LINK_COLUMNS = ['n', 'entry', 'at', 'digest', 'hash', 'seal'] as const;
const LINKS = `SELECT ${[
  ...LINK_COLUMNS.map((name) => `c.${name}`),
  ...AUDIT_COLUMNS.map((name) => `a.${name}`),
].join(', ')}
  FROM audit_chain c LEFT JOIN audit a ON a.no = c.entry WHERE c.n > ? ORDER BY c.n LIMIT ?`;

/** Reads the links after number `after`, in order. */
export function readLinks(db: SqliteDatabase, after: number, limit: number): AuditLinkRow[] {
  return db.lists(LINKS, [after, limit]).map((values) => {
    const [n, entry, at, digest, hash, seal] = values as [
      number,
      number,
      number,
      string,
      string,
      string | null,
    ];
    const row = values.slice(LINK_COLUMNS.length);
    return { n, entry, at, digest, hash, seal, row: row[0] === null ? undefined : row };
  });
}
