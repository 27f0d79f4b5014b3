export const AUDIT_OUTCOMES = ['done', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** A user's attempt to change something or to reveal redacted data, with its outcome. */
export interface AuditEntry {
  /** ms since 1970. */
  at: number;
  /** Empty for an unknown user. */
  who: string;
  /** Kind of authentication: session, token, open, nobody, cli. */
  via: string;
  /** Address of the client. */
  from: string;
  /** Required permission; empty when the request was refused earlier. */
  permission: string;
  method: string;
  /** Pattern of the route; empty when the request was refused earlier. */
  route: string;
  /** Requested path, without its query. */
  path: string;
  /** Affected ids and names. */
  targets: string[];
  reason: string | null;
  status: number;
  outcome: AuditOutcome;
  /** Error code of a refusal; empty when there was no refusal, or it has no code. */
  code: string;
  requestId: string;
  /** Present in aggregated entries. */
  fold?: AuditFold;
}

/** Aggregates equal events in one entry: a further event with the same id only increases its count. */
export interface AuditFold {
  id: string;
  /** Number of additional events. */
  count: number;
  /** Time of the last event, ms since 1970. */
  lastAt: number;
}

export interface StoredAuditEntry extends Omit<AuditEntry, 'fold'> {
  /** Ascending number. */
  no: number;
  /** Number of events; more than one only in an aggregated entry. */
  count: number;
  /** Time of the last event; null when there is only one. */
  lastAt: number | null;
}

export interface AuditSearch {
  who?: string;
  permission?: string;
  target?: string;
  outcome?: AuditOutcome;
  from?: number;
  /** Exclusive. */
  to?: number;
  /** Continues after this entry. */
  after?: { at: number; no: number };
  limit: number;
}

/**
 * Log of user actions. Entries are added, and deleted only by age. No call changes an entry, except that the count of
 * an aggregated entry grows.
 */
export interface AuditStore {
  append(entries: AuditEntry[]): Promise<void>;
  /** Newest first. */
  search(search: AuditSearch): Promise<StoredAuditEntry[]>;
  /** Deletes older entries, in chunks between other writes. Returns how many. */
  forget(before: number): Promise<number>;
  /** Links of the chain after this one, in order, with the current state of their entries. */
  links(after: number, limit: number): Promise<AuditLink[]>;
  /** Acquires or renews the export lease of a target for `forMs`; undefined while another process holds it. */
  claimExport(target: string, holder: string, now: number, forMs: number): Promise<ExportTurn | undefined>;
  /** Records that everything up to this link was exported. */
  noteExport(target: string, holder: string, n: number): Promise<void>;
  /** Releases the export lease, so that another process can acquire it at once. */
  releaseExport(target: string, holder: string): Promise<void>;
}

/** A write of an entry; an aggregated entry has several. */
export interface AuditLink {
  n: number;
  hash: string;
  /** Undefined when retention has removed it. */
  entry: StoredAuditEntry | undefined;
}

/** Export lease of one process. */
export interface ExportTurn {
  /** The last exported link. */
  n: number;
  /** The last existing link. */
  head: number;
}
