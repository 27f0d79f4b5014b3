export const AUDIT_OUTCOMES = ['done', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** Somebody's attempt to change something, or to see what is hidden, and what became of it. */
export interface AuditEntry {
  /** ms since 1970. */
  at: number;
  /** Empty where nobody is known. */
  who: string;
  /** How they got in: session, token, open, nobody. */
  via: string;
  /** Address of the client. */
  from: string;
  /** What it needed; empty where it did not come so far. */
  permission: string;
  method: string;
  /** The route's pattern; empty where it did not come so far. */
  route: string;
  /** What was asked for, without its query. */
  path: string;
  /** What it was done to: ids and names. */
  targets: string[];
  reason: string | null;
  status: number;
  outcome: AuditOutcome;
  /** Why it was refused, of the table of error codes; empty where it was not, or in words of its own. */
  code: string;
  requestId: string;
  /** Of an entry that stands for many. */
  fold?: AuditFold;
}

/** Many of the same in one entry: what is added to it under the same id only counts. */
export interface AuditFold {
  id: string;
  /** How many more. */
  count: number;
  /** The last of them, ms since 1970. */
  lastAt: number;
}

export interface KeptAuditEntry extends Omit<AuditEntry, 'fold'> {
  /** Grows. */
  no: number;
  /** How often it happened: more than once only in an entry that stands for many. */
  count: number;
  /** The last time; null where it happened once. */
  lastAt: number | null;
}

export interface AuditSearch {
  who?: string;
  permission?: string;
  target?: string;
  outcome?: AuditOutcome;
  from?: number;
  /** Not included. */
  to?: number;
  /** Goes on behind this entry. */
  after?: { at: number; no: number };
  limit: number;
}

/**
 * Who did what. Entries are added, and forgotten by age alone: there is no call that changes one, but for the count of
 * one that stands for many, which grows.
 */
export interface AuditStore {
  append(entries: AuditEntry[]): Promise<void>;
  /** Newest first. */
  search(search: AuditSearch): Promise<KeptAuditEntry[]>;
  /** Lets go of what is older, a piece at a time between other writes. Answers how many. */
  forget(before: number): Promise<number>;
}
