import type { AuditOutcome, StoredAuditEntry } from '../history/sqlite/audit-store.js';

/** Audit entry as returned by the API. */
export interface AuditView {
  at: string;
  who: string | null;
  via: string;
  from: string;
  permission: string | null;
  method: string;
  route: string | null;
  path: string;
  targets: string[];
  reason: string | null;
  outcome: AuditOutcome;
  status: number;
  code: string | null;
  requestId: string | null;
  /** Number of events; more than 1 for a combined entry. */
  count: number;
  /** Time of the last event of a combined entry. */
  lastAt: string | null;
}

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
    lastAt: lastAt === null ? null : new Date(lastAt).toISOString(),
    code: code || null,
    requestId: requestId || null,
    who: who || null,
    permission: permission || null,
    route: route || null,
  };
}

export function toExported(entry: StoredAuditEntry, link: { n: number; hash: string } | null): ExportedEntry {
  return { no: entry.no, ...toView(entry), link: link?.n ?? null, hash: link?.hash ?? null };
}
