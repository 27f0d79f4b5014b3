import { anchorText, digestOf, linkHash, readAnchor, readHead, sealText } from './audit-chain.js';
import { type AuditLinkRow, readLinks } from './audit-links.js';
import type { AuditSeal } from './audit-seal.js';
import type { SqliteDatabase } from './database.js';

/** Result of a check. States nothing about entries that the chain does not cover. */
export interface AuditCheck {
  /** The first problem found; absent when there is none. `entry`: number of the entry concerned, if any. */
  broken?: { what: string; entry?: number; at?: number };
  /** Number of entries that match their links. */
  entries: number;
  /** Entries written before the chain existed. */
  uncovered: number;
  /** Retention may have removed entries from before this time, ms; null if it has removed none. */
  forgottenBefore: number | null;
  /** The last link that retention removed; 0 if none. */
  first: number;
  /** End of the chain. Record it elsewhere to compare it with a later check. */
  head: { n: number; hash: string };
  /** Seals by unavailable keys, which could not be checked. */
  unknownSeals: number;
  /** The end of the chain carries a valid seal that could be checked. */
  isSealed: boolean;
}

/** Links per read. */
const LINKS_PER_READ = 1_000;
/**
 * Checks the chain over the audit from its anchor to its head, in one snapshot: web apps may continue to write.
 * `noted`: the head of an earlier check, which must still be in the chain.
 */
export function checkAudit(
  db: SqliteDatabase,
  seal: AuditSeal,
  noted?: { n: number; hash: string },
): AuditCheck {
  db.exec('BEGIN');
  try {
    return new Checker(db, seal, noted).check();
  } finally {
    db.exec('COMMIT');
  }
}

class Checker {
  private readonly anchor;
  private last: { n: number; hash: string };
  /** The last link covered by a seal. */
  private sealedTo: number;
  /** Entries that do not match their newest link so far; a later link may match. */
  private readonly unsettled = new Map<number, AuditLinkRow>();
  private readonly covered = new Set<number>();
  private unknownSeals = 0;
  private isSealed = false;

  constructor(
    private readonly db: SqliteDatabase,
    private readonly seal: AuditSeal,
    private readonly noted: { n: number; hash: string } | undefined,
  ) {
    this.anchor = readAnchor(db);
    this.last = { n: this.anchor?.n ?? 0, hash: this.anchor?.hash ?? '' };
    this.sealedTo = this.last.n;
  }

  check(): AuditCheck {
    const broken =
      this.checkAnchor() ??
      this.checkLinks() ??
      this.checkUnsettled() ??
      this.checkOthers() ??
      this.checkEnd();
    const since = this.anchor?.since ?? Number.MAX_SAFE_INTEGER;
    return {
      ...(broken ? { broken } : {}),
      entries: this.covered.size - this.unsettled.size,
      uncovered: this.db.get<{ n: number }>('SELECT count(*) AS n FROM audit WHERE no <= ?', [since])!.n,
      forgottenBefore: this.anchor?.before || null,
      first: this.anchor?.n ?? 0,
      head: readHead(this.db) ?? this.last,
      unknownSeals: this.unknownSeals,
      isSealed: this.isSealed,
    };
  }

  private checkAnchor(): AuditCheck['broken'] {
    if (!this.anchor) {
      const { n } = this.db.get<{ n: number }>('SELECT count(*) AS n FROM audit_chain')!;
      return n === 0 ? undefined : { what: 'The place where the chain begins is gone.' };
    }
    const result = this.checkSeal(anchorText(this.anchor), this.anchor.seal);
    if (result === 'wrong')
      return { what: 'The note of where the chain begins, and what retention removed, was changed.' };
    this.isSealed = result === 'valid';
    return undefined;
  }

  private checkLinks(): AuditCheck['broken'] {
    for (;;) {
      const rows = readLinks(this.db, this.last.n, LINKS_PER_READ);
      for (const link of rows) {
        const broken = this.checkLink(link);
        if (broken) return broken;
      }
      if (rows.length < LINKS_PER_READ) return undefined;
    }
  }

  private checkLink(link: AuditLinkRow): AuditCheck['broken'] {
    const { n, entry, at, row } = link;
    const about = { entry, at };
    if (n !== this.last.n + 1)
      return { ...about, what: `The link before this entry is gone (${this.last.n + 1}).` };
    if (linkHash(this.last.hash, link) !== link.hash)
      return { ...about, what: 'The link of this entry does not follow from the one before it.' };
    if (link.seal !== null) {
      const result = this.checkSeal(sealText(this.sealedTo, link.hash), link.seal);
      if (result === 'wrong')
        return {
          ...about,
          what: `This entry, or one since link ${this.sealedTo + 1}, is not sealed by a web app.`,
        };
      this.isSealed = result === 'valid';
      this.sealedTo = n;
    }
    this.last = { n, hash: link.hash };
    if (this.noted?.n === n && this.noted.hash !== link.hash)
      return { ...about, what: 'The audit up to this entry is not the one whose head was noted.' };
    if (row) {
      this.covered.add(entry);
      if (digestOf(row) === link.digest) this.unsettled.delete(entry);
      // An aggregated entry was written again later and matches its last link.
      else this.unsettled.set(entry, link);
    } else if (at >= (this.anchor?.before ?? 0)) return { ...about, what: 'This entry was removed.' };
    return undefined;
  }

  private checkUnsettled(): AuditCheck['broken'] {
    const [first] = [...this.unsettled.values()].sort((a, b) => a.n - b.n);
    return first && { entry: first.entry, at: first.at, what: 'This entry was changed.' };
  }

  /** Finds entries without a link. */
  private checkOthers(): AuditCheck['broken'] {
    const other = this.db.get<{ no: number; at: number }>(
      'SELECT no, at FROM audit WHERE no > ? AND no NOT IN (SELECT entry FROM audit_chain) ORDER BY no LIMIT 1',
      [this.anchor?.since ?? Number.MAX_SAFE_INTEGER],
    );
    return other && { entry: other.no, at: other.at, what: 'This entry was not written by Roost.' };
  }

  private checkEnd(): AuditCheck['broken'] {
    const { noted } = this;
    if (noted && noted.n > this.last.n) return { what: `The audit ends before the noted head (${noted.n}).` };
    if (noted && noted.n === this.anchor?.n && noted.hash !== this.anchor.hash)
      return { what: 'The audit up to where it begins now is not the one whose head was noted.' };
    if (this.sealedTo < this.last.n)
      return { what: `The entries written since link ${this.sealedTo} carry no seal.` };
    return undefined;
  }

  private checkSeal(text: string, seal: string | null): 'valid' | 'wrong' | 'unknown' {
    if (!this.seal.hasKey) return 'unknown';
    // A forger without the key could omit the seal.
    const result = seal === null || seal === '' ? 'wrong' : this.seal.check(text, seal);
    if (result === 'unknown') this.unknownSeals++;
    return result;
  }
}
