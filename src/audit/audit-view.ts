import type { StoredAuditEntry } from '../history/ports/audit-store.js';
import type { AuditView } from './audit.openapi.js';

/** Audit entry as exported to a file or another system. */
export interface ExportedEntry extends AuditView {
  /** Number of the entry. The same number in a later line means that its count has grown. */
  no: number;
  /**
   * Number of the entry's link in the hash chain, and the hash of that link; null for entries from before the chain.
   */
  link: number | null;
  hash: string | null;
}

export function toView({
  at,
  via,
  who,
  permission,
  route,
  code,
  requestId,
  lastAt,
  no: _,
  ...entry
}: StoredAuditEntry): AuditView {
  return {
    ...entry,
    at: new Date(at).toISOString(),
    via: via as AuditView['via'],
    lastAt: lastAt === null ? null : new Date(lastAt).toISOString(),
    code: code || null,
    requestId: requestId || null,
    who: who || null,
    permission: (permission || null) as AuditView['permission'],
    route: route || null,
  };
}

export function toExported(entry: StoredAuditEntry, link: { n: number; hash: string } | null): ExportedEntry {
  return { no: entry.no, ...toView(entry), link: link?.n ?? null, hash: link?.hash ?? null };
}
