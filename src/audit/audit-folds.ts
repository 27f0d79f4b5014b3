import { randomUUID } from 'node:crypto';
import { toNetwork } from '../access/network.js';
import type { AuditEntry } from '../history/store/audit-store.js';

/** What is alike is one entry for so long. */
const WINDOW_MS = 3_600_000;
/** Who has no login has only so much to say for an address. */
const MAX_PATH = 120;
/** Entries of one address in a window; what else it does goes together. */
const MAX_OF_ONE = 10;
/** Entries in a window, each kind by itself so that none can hide another; what else is done goes together. */
const MAX_OF_KIND = { login: 100, other: 50, rate: 5_000 };

type Kind = keyof typeof MAX_OF_KIND;
/** What the entries of a row have in common, and it may tell of them. */
type Common = 'all' | 'address' | 'answer';

interface Row {
  id: string;
  entry: AuditEntry;
  /** Not handed on yet. */
  more: number;
  lastAt: number;
}

/**
 * Makes one entry of many that are alike, where anybody on the network could have as many written as they like: of what
 * nobody known was refused, and of what the rate limit sent away. The first is handed on at once and as it is; the
 * others are counted, and counted into that entry from time to time. Both memory and entries are bounded, whatever comes.
 */
export class AuditFolds {
  private window = 0;
  private rows = new Map<string, Row>();
  /** How many rows each address and each kind has. */
  private sizes = new Map<string, number>();
  private readonly left: AuditEntry[] = [];

  /** The entry to write at once, if it is the first of its kind. For what `isFoldable` alone. */
  add(entry: AuditEntry): AuditEntry | undefined {
    this.turn(entry.at);
    const { key, common } = this.placeOf(entry);
    const row = this.rows.get(key);
    if (!row) {
      const fresh: Row = { id: randomUUID(), entry: told(entry, common), more: 0, lastAt: entry.at };
      this.rows.set(key, fresh);
      return { ...fresh.entry, fold: { id: fresh.id, count: 1, lastAt: entry.at } };
    }
    row.more++;
    row.lastAt = Math.max(row.lastAt, entry.at);
    row.entry.from = inCommon(row.entry.from, entry.from);
    return undefined;
  }

  /** What was counted since, to be counted into the entries that are there. */
  take(): AuditEntry[] {
    const counted = [...this.rows.values()].filter(({ more }) => more > 0);
    return [...this.left.splice(0), ...counted.map(toCount)];
  }

  private turn(at: number): void {
    const window = Math.floor(at / WINDOW_MS);
    if (window <= this.window) return;
    this.left.push(...this.take());
    this.window = window;
    this.rows = new Map();
    this.sizes = new Map();
  }

  /** Nothing is kept of an address that has no row: there are more of them than memory. */
  private placeOf(entry: AuditEntry): { key: string; common: Common } {
    const kind = kindOf(entry);
    const address = toNetwork(entry.from);
    const answer = `${kind} ${entry.status} ${entry.code}`;
    // One login or token may use many addresses and ways; who it is stays said.
    const whose = join([answer, kind === 'rate' ? `${entry.via} ${entry.who}` : address]);
    const whole = join([whose, entry.method, cut(entry.path), ...entry.targets]);
    if (this.rows.has(whole)) return { key: whole, common: 'all' };
    if (this.rows.has(whose)) return { key: whose, common: 'address' };
    // As many rows more as there are answers.
    if (!this.claim(kind, MAX_OF_KIND[kind])) return { key: answer, common: 'answer' };
    return kind !== 'rate' && this.claim(`${kind} ${address}`, MAX_OF_ONE)
      ? { key: whole, common: 'all' }
      : { key: whose, common: 'address' };
  }

  private claim(name: string, max: number): boolean {
    const size = this.sizes.get(name) ?? 0;
    if (size < max) this.sizes.set(name, size + 1);
    return size < max;
  }
}

/** Nothing that somebody known has done, or was refused for another reason than asking too often. */
export function isFoldable(entry: AuditEntry): boolean {
  return kindOf(entry) === 'rate' || (entry.via === 'nobody' && entry.who === '');
}

function kindOf({ via, path, code }: AuditEntry): Kind {
  if (via !== 'nobody' && code === 'TOO_MANY_REQUESTS') return 'rate';
  return path === '/login' || path.startsWith('/login/') ? 'login' : 'other';
}

function told(entry: AuditEntry, common: Common): AuditEntry {
  if (common === 'all') return { ...entry, path: cut(entry.path) };
  const none = { method: '', route: '', path: '', targets: [], reason: null, requestId: '' };
  return { ...entry, ...none, ...(common === 'answer' ? { who: '', from: '' } : {}) };
}

function toCount(row: Row): AuditEntry {
  const count = row.more;
  row.more = 0;
  return { ...row.entry, fold: { id: row.id, count, lastAt: row.lastAt } };
}

/** The address, its network, or nothing. */
function inCommon(known: string, other: string): string {
  if (known === '' || known === other) return known;
  const network = toNetwork(other);
  return known === network || toNetwork(known) === network ? network : '';
}

function join(parts: string[]): string {
  return parts.join('\n');
}

function cut(path: string): string {
  return path.slice(0, MAX_PATH);
}
