import { randomUUID } from 'node:crypto';
import { toNetwork } from '../auth/client-network.js';
import type { AuditEntry } from '../history/ports/audit-store.js';

/** Window in which similar entries become one entry. */
const WINDOW_MS = 3_600_000;
/** Limit on the path of an aggregated entry, characters. */
const MAX_PATH_LENGTH = 120;
/** Limit on rows per address and window. Further entries of the address share one row. */
const MAX_ROWS_PER_ADDRESS = 10;
/** Limits on rows per kind and window, separate so that no kind can hide another. Further entries share one row. */
const MAX_ROWS_PER_KIND = { login: 100, other: 50, rate: 5_000 };

type Kind = keyof typeof MAX_ROWS_PER_KIND;
/** Properties that the entries of a row share, and that the row may contain. */
type Common = 'all' | 'address' | 'answer';

interface Row {
  id: string;
  entry: AuditEntry;
  /** Number of entries not yet written. */
  more: number;
  lastAt: number;
}

/**
 * Combines similar entries that unauthenticated clients could otherwise produce without limit: refused anonymous
 * requests, and requests beyond the rate limit. Returns the first entry at once and unchanged. Counts the others and
 * adds the count to that entry from time to time. Memory and the number of entries are bounded.
 */
export class AuditAggregation {
  private window = 0;
  private rows = new Map<string, Row>();
  /** Number of rows by address and by kind. */
  private sizes = new Map<string, number>();
  private readonly left: AuditEntry[] = [];

  /** Returns the entry to write at once if it is the first of its row. Requires `isFoldable`. */
  add(entry: AuditEntry): AuditEntry | undefined {
    this.startWindow(entry.at);
    const { key, common } = this.rowKeyOf(entry);
    const row = this.rows.get(key);
    if (!row) {
      const fresh: Row = { id: randomUUID(), entry: toRowEntry(entry, common), more: 0, lastAt: entry.at };
      this.rows.set(key, fresh);
      return { ...fresh.entry, fold: { id: fresh.id, count: 1, lastAt: entry.at } };
    }
    row.more++;
    row.lastAt = Math.max(row.lastAt, entry.at);
    row.entry.from = commonAddress(row.entry.from, entry.from);
    return undefined;
  }

  /** Returns the counts since the last call, to be added to the written entries. */
  drain(): AuditEntry[] {
    const counted = [...this.rows.values()].filter(({ more }) => more > 0);
    return [...this.left.splice(0), ...counted.map(toCount)];
  }

  private startWindow(at: number): void {
    const window = Math.floor(at / WINDOW_MS);
    if (window <= this.window) return;
    this.left.push(...this.drain());
    this.window = window;
    this.rows = new Map();
    this.sizes = new Map();
  }

  /** Stores nothing for an address without a row: addresses are unlimited, memory is not. */
  private rowKeyOf(entry: AuditEntry): { key: string; common: Common } {
    const kind = kindOf(entry);
    const address = toNetwork(entry.from);
    const answer = `${kind} ${entry.status} ${entry.code}`;
    // One session or token may use many addresses and paths: the entry keeps its name.
    const group = join([answer, kind === 'rate' ? `${entry.via} ${entry.who}` : address]);
    const whole = join([group, entry.method, cut(entry.path), ...entry.targets]);
    if (this.rows.has(whole)) return { key: whole, common: 'all' };
    if (this.rows.has(group)) return { key: group, common: 'address' };
    // One more row per status and code.
    if (!this.claim(kind, MAX_ROWS_PER_KIND[kind])) return { key: answer, common: 'answer' };
    return kind !== 'rate' && this.claim(`${kind} ${address}`, MAX_ROWS_PER_ADDRESS)
      ? { key: whole, common: 'all' }
      : { key: group, common: 'address' };
  }

  private claim(name: string, max: number): boolean {
    const size = this.sizes.get(name) ?? 0;
    if (size < max) this.sizes.set(name, size + 1);
    return size < max;
  }
}

/**
 * Whether an entry may be combined. False for the actions of known principals, and for their refusals other than by
 * the rate limit.
 */
export function isFoldable(entry: AuditEntry): boolean {
  return kindOf(entry) === 'rate' || (entry.via === 'nobody' && entry.who === '');
}

function kindOf({ via, path, code }: AuditEntry): Kind {
  if (via !== 'nobody' && code === 'TOO_MANY_REQUESTS') return 'rate';
  return path === '/login' || path.startsWith('/login/') ? 'login' : 'other';
}

function toRowEntry(entry: AuditEntry, common: Common): AuditEntry {
  if (common === 'all') return { ...entry, path: cut(entry.path) };
  const none = { method: '', route: '', path: '', targets: [], reason: null, requestId: '' };
  return { ...entry, ...none, ...(common === 'answer' ? { who: '', from: '' } : {}) };
}

function toCount(row: Row): AuditEntry {
  const count = row.more;
  row.more = 0;
  return { ...row.entry, fold: { id: row.id, count, lastAt: row.lastAt } };
}

/** Returns the common address, the common network, or an empty text. */
function commonAddress(known: string, other: string): string {
  if (known === '' || known === other) return known;
  const network = toNetwork(other);
  return known === network || toNetwork(known) === network ? network : '';
}

function join(parts: string[]): string {
  return parts.join('\n');
}

function cut(path: string): string {
  return path.slice(0, MAX_PATH_LENGTH);
}
