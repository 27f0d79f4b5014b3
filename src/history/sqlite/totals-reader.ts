import { Histogram } from '../histogram.js';
import { build } from './builder.js';
import type { SqliteDatabase } from './database.js';
import { SPANS } from '../recording/rules/minute-counts.js';
import type { Dictionary } from './dictionary.js';
import { WORD } from '../recording/rules/names.js';
import type { TotalRow } from '../ports/stats-store.js';

/**
 * Reads the totals by queue and type. The first `names` ever seen of each kind have rows of their own; all later ones
 * are summed up as `undefined`. A sum therefore never shrinks, whatever names are added.
 */
export function readTotals(db: SqliteDatabase, words: Dictionary, names: number): TotalRow[] {
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

/** Numbers of words ascend in the order of their first appearance. */
function firstSeen(db: SqliteDatabase, kind: number, limit: number): Set<number> {
  const rows = db.all<{ id: number }>('SELECT id FROM words WHERE kind = ? ORDER BY id LIMIT ?', [
    kind,
    limit,
  ]);
  return new Set(rows.map(({ id }) => id));
}
