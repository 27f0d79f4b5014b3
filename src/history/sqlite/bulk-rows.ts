import type { SqliteDatabase } from './database.js';
import { BulkInsert } from './bulk-insert.js';
import {
  BULK_OUTCOMES,
  type Bulk,
  type BulkAction,
  type BulkOrder,
  type BulkOutcome,
  type BulkState,
  type BulkStore,
  type BulkTarget,
  type OutcomeRow,
  type TargetOutcome,
} from '../ports/bulk-store.js';
import type { TaskRef } from '../ports/rows.js';

type Answers<Store> = {
  [Call in keyof Store]: Store[Call] extends (...args: infer Args) => Promise<infer Answer>
    ? (...args: Args) => Answer
    : never;
};

interface BulkColumns {
  id: string;
  action: string;
  target: string | null;
  q: string | null;
  filter: string | null;
  reason: string | null;
  by: string;
  created: number;
  starts: number;
  key: string | null;
  fingerprint: string | null;
  state: string;
  place: number | null;
  whole: number;
  total: number;
  done: number;
  asked: number;
  skipped: number;
  failed: number;
  started: number | null;
  finished: number | null;
  aborted: string | null;
  trouble: string | null;
  since: number | null;
  since_from: number | null;
  holder: string | null;
  heard: number | null;
  claims: number;
}

/** Outcome rows deleted per chunk. */
const DELETE_CHUNK = 5000;
/** Forces this index: for the sake of the order, SQLite would walk over all rows with other outcomes. */
const BY_OUTCOME = 'INDEXED BY bulk_outcomes_outcome';
/** Maximum stored detail of one task, UTF-16 units. */
const MAX_DETAIL = 500;

/** Bulk actions in the tables of the history. */
export class BulkRows implements Answers<BulkStore> {
  private readonly targets: BulkInsert;

  constructor(private readonly db: SqliteDatabase) {
    this.targets = new BulkInsert(
      db,
      'INSERT INTO bulk_outcomes (bulk, n, queue, id)',
      4,
      'ON CONFLICT DO NOTHING',
    );
  }

  create(order: BulkOrder, targets?: TaskRef[]): { bulk: Bulk; created: boolean } {
    return this.db.transaction(() => {
      const earlier =
        order.key === null
          ? undefined
          : this.db.get<{ id: string }>('SELECT id FROM bulks WHERE key = ?', [order.key]);
      if (earlier) return { bulk: this.get(earlier.id)!, created: false };
      this.db.run(
        `INSERT INTO bulks (id, action, target, q, filter, reason, by, created, starts, key, fingerprint, state, whole, total)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?)`,
        [
          order.id,
          order.action,
          order.to,
          order.q,
          order.filter && JSON.stringify(order.filter),
          order.reason,
          order.by,
          order.createdAt,
          order.startsAt,
          order.key,
          order.fingerprint,
          targets ? 1 : 0,
          targets?.length ?? 0,
        ],
      );
      if (targets) this.insert(order.id, 0, targets);
      return { bulk: this.get(order.id)!, created: true };
    });
  }

  get(id: string): Bulk | undefined {
    const row = this.row(id);
    return row && toBulk(row);
  }

  list({ before, limit }: { before?: number; limit: number }): Bulk[] {
    const rows = this.db.all<BulkColumns>(
      'SELECT * FROM bulks WHERE created < ? ORDER BY created DESC, id LIMIT ?',
      [before ?? Number.MAX_SAFE_INTEGER, limit],
    );
    return rows.map(toBulk);
  }

  outcomes(
    id: string,
    { outcome, after = -1, limit }: { outcome?: BulkOutcome; after?: number; limit: number },
  ): { items: OutcomeRow[]; next?: number } {
    const only = outcome === undefined ? '' : 'AND outcome = ?';
    const rows = this.db.all<BulkTarget & { outcome: number; detail: string | null; at: number | null }>(
      `SELECT n, queue, id, outcome, detail, at FROM bulk_outcomes ${only && BY_OUTCOME} WHERE bulk = ? ${only} AND n > ? ORDER BY n LIMIT ?`,
      [id, ...(outcome === undefined ? [] : [BULK_OUTCOMES.indexOf(outcome)]), after, limit + 1],
    );
    const items = rows.slice(0, limit).map((row) => ({ ...row, outcome: BULK_OUTCOMES[row.outcome]! }));
    return { items, ...(rows.length > limit ? { next: items.at(-1)!.n } : {}) };
  }

  open(): Bulk[] {
    return this.db
      .all<BulkColumns>("SELECT * FROM bulks WHERE state IN ('pending', 'running') ORDER BY created")
      .map(toBulk);
  }

  claim(id: string, holder: string, silentSince: number, now: number): Bulk | undefined {
    const claimed = this.db.run(
      `UPDATE bulks SET holder = ?, heard = ?, claims = claims + 1, since = ?, since_from = done + asked + skipped + failed
       WHERE id = ? AND state IN ('pending', 'running') AND (holder IS NULL OR holder = ? OR heard < ?)`,
      [holder, now, now, id, holder, silentSince],
    );
    return claimed === 1 ? this.get(id) : undefined;
  }

  beat(holder: string, now: number): void {
    this.db.run("UPDATE bulks SET heard = ? WHERE holder = ? AND state IN ('pending', 'running')", [
      now,
      holder,
    ]);
  }

  release(id: string, holder: string): void {
    this.db.run('UPDATE bulks SET holder = NULL, since = NULL WHERE id = ? AND holder = ?', [id, holder]);
  }

  gathered(id: string): { place: number | null; isWhole: boolean } | undefined {
    const row = this.row(id);
    return row && { place: row.place, isWhole: row.whole === 1 };
  }

  gather(
    id: string,
    holder: string,
    { refs, place, isWhole }: { refs: TaskRef[]; place: number | null; isWhole: boolean },
  ): boolean {
    return this.db.transaction(() => {
      const row = this.row(id);
      if (row?.holder !== holder || row.whole === 1 || row.finished !== null) return false;
      this.insert(id, row.total, refs);
      this.db.run('UPDATE bulks SET place = ?, whole = ?, total = total + ? WHERE id = ?', [
        place,
        isWhole ? 1 : 0,
        refs.length,
        id,
      ]);
      return true;
    });
  }

  begin(id: string, holder: string, now: number): Bulk | undefined {
    const begun = this.db.run(
      `UPDATE bulks SET state = 'running', started = coalesce(started, ?), since = ?, since_from = done + asked + skipped + failed
       WHERE id = ? AND holder = ? AND state = 'pending'`,
      [now, now, id, holder],
    );
    return begun === 1 ? this.get(id) : undefined;
  }

  next(id: string, limit: number): BulkTarget[] {
    return this.db.all<BulkTarget>(
      `SELECT n, queue, id FROM bulk_outcomes ${BY_OUTCOME} WHERE bulk = ? AND outcome = 0 ORDER BY n LIMIT ?`,
      [id, limit],
    );
  }

  settle(id: string, holder: string, outcomes: TargetOutcome[], now: number): Bulk | undefined {
    return this.db.transaction(() => {
      const row = this.row(id);
      if (row?.holder !== holder || row.state !== 'running') return undefined;
      const counts = { done: 0, asked: 0, skipped: 0, failed: 0 };
      for (const { n, outcome, detail } of outcomes) {
        counts[outcome] += this.db.run(
          'UPDATE bulk_outcomes SET outcome = ?, detail = ?, at = ? WHERE bulk = ? AND n = ? AND outcome = 0',
          [BULK_OUTCOMES.indexOf(outcome), detail?.slice(0, MAX_DETAIL), now, id, n],
        );
      }
      this.db.run(
        `UPDATE bulks SET done = done + ?, asked = asked + ?, skipped = skipped + ?, failed = failed + ?, heard = ?, trouble = NULL
         WHERE id = ?`,
        [counts.done, counts.asked, counts.skipped, counts.failed, now, id],
      );
      return this.get(id);
    });
  }

  explain(id: string, holder: string, trouble: string | null): void {
    this.db.run('UPDATE bulks SET trouble = ? WHERE id = ? AND holder = ?', [trouble, id, holder]);
  }

  end(
    id: string,
    holder: string,
    state: 'completed' | 'aborted' | 'failed',
    now: number,
    trouble?: string,
  ): void {
    this.db.run(
      `UPDATE bulks SET state = ?, finished = ?, trouble = ?, holder = NULL, heard = NULL
       WHERE id = ? AND holder = ? AND state IN ('pending', 'running')`,
      [state, now, trouble, id, holder],
    );
  }

  abort(id: string, by: string, now: number): Bulk | undefined {
    const mark = JSON.stringify({ by, at: now });
    this.db.run(
      `UPDATE bulks SET aborted = ?,
         finished = CASE state WHEN 'pending' THEN ? END, state = CASE state WHEN 'pending' THEN 'undone' ELSE state END
       WHERE id = ? AND state IN ('pending', 'running') AND aborted IS NULL`,
      [mark, now, id],
    );
    return this.get(id);
  }

  forget(before: number): boolean {
    return this.db.transaction(() => {
      const old = this.db.get<{ id: string }>('SELECT id FROM bulks WHERE finished < ? LIMIT 1', [before]);
      if (!old) return true;
      const removed = this.db.run(
        'DELETE FROM bulk_outcomes WHERE bulk = ? AND n IN (SELECT n FROM bulk_outcomes WHERE bulk = ? LIMIT ?)',
        [old.id, old.id, DELETE_CHUNK],
      );
      if (removed < DELETE_CHUNK) this.db.run('DELETE FROM bulks WHERE id = ?', [old.id]);
      return false;
    });
  }

  private row(id: string): BulkColumns | undefined {
    return this.db.get<BulkColumns>('SELECT * FROM bulks WHERE id = ?', [id]);
  }

  private insert(bulk: string, from: number, refs: TaskRef[]): void {
    refs.forEach(({ queue, id }, i) => this.targets.add([bulk, from + i, queue, id]));
    this.targets.flush();
  }
}

function toBulk(row: BulkColumns): Bulk {
  const { done, asked, skipped, failed } = row;
  return {
    id: row.id,
    action: row.action as BulkAction,
    to: row.target,
    q: row.q,
    filter: row.filter === null ? null : (JSON.parse(row.filter) as Bulk['filter']),
    reason: row.reason,
    by: row.by,
    createdAt: row.created,
    startsAt: row.starts,
    key: row.key,
    fingerprint: row.fingerprint,
    state: row.state as BulkState,
    total: row.whole === 1 ? row.total : null,
    counts: { untouched: row.total - done - asked - skipped - failed, done, asked, skipped, failed },
    startedAt: row.started,
    finishedAt: row.finished,
    aborted: row.aborted === null ? null : (JSON.parse(row.aborted) as { by: string; at: number }),
    trouble: row.trouble,
    rateBase: row.since === null ? null : { since: row.since, from: row.since_from ?? 0 },
    holder: row.holder,
    heartbeatAt: row.heard,
    claims: row.claims,
  };
}
