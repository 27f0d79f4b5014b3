import { Histogram } from '../histogram.js';
import { build } from './builder.js';
import type { SqliteDatabase } from './database.js';
import { SPANS } from './numbers-writer.js';
import { WORD, type Words } from './words.js';

/** What was ever counted of one queue and type; histograms are read by `Histogram.decode`. */
export interface TotalRow {
  /** Absent: of all names beyond the first. */
  queue: string | undefined;
  type: string | undefined;
  added: number;
  completed: number;
  failed: number;
  cancelled: number;
  expired: number;
  retried: number;
  waitMs: number;
  runMs: number;
  wait: Uint8Array;
  run: Uint8Array;
}

/**
 * What was ever counted, by queue and type. Of each kind of name the first `names` that were ever seen stand for
 * themselves and all later ones together as `undefined`: so a sum never shrinks, whatever names come.
 */
export function readTotals(db: SqliteDatabase, words: Words, names: number): TotalRow[] {
  const types = firstSeen(db, WORD.type, names);
  const queues = firstSeen(db, WORD.queue, names);
  const sums = new Map<string, TotalRow & { waits: Histogram; runs: Histogram }>();
  const rows = db.query(
    build.selectFrom('numbers').selectAll().where('span', '=', SPANS.ever).where('worker', '=', 0).compile(),
  );
  for (const row of rows) {
    const type = types.has(row.type) ? row.type : 0;
    const queue = queues.has(row.queue) ? row.queue : 0;
    const key = `${queue} ${type}`;
    let sum = sums.get(key);
    if (!sum) {
      const named = { queue: words.textOf(queue) || undefined, type: words.textOf(type) || undefined };
      sums.set(key, (sum = { ...named, ...NOTHING, waits: new Histogram(), runs: new Histogram() }));
    }
    for (const counted of COUNTED) sum[counted] += row[counted];
    sum.waitMs += row.wait_sum;
    sum.runMs += row.run_sum;
    sum.waits.mergeEncoded(row.waits);
    sum.runs.mergeEncoded(row.runs);
  }
  return [...sums.values()].map(({ waits, runs, ...sum }) => ({
    ...sum,
    wait: waits.encode(),
    run: runs.encode(),
  }));
}

const COUNTED = ['added', 'completed', 'failed', 'cancelled', 'expired', 'retried'] as const;
const NOTHING = {
  added: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
  retried: 0,
  waitMs: 0,
  runMs: 0,
  wait: new Uint8Array(),
  run: new Uint8Array(),
};

/** Numbers of words grow with every name that is new. */
function firstSeen(db: SqliteDatabase, kind: number, limit: number): Set<number> {
  const rows = db.all<{ id: number }>('SELECT id FROM words WHERE kind = ? ORDER BY id LIMIT ?', [
    kind,
    limit,
  ]);
  return new Set(rows.map(({ id }) => id));
}
