import { Histogram } from '../histogram.js';
import { mergeCounts, type CountCell, type MinuteCounts } from '../recording/rules/minute-counts.js';
import type { SqliteDatabase } from './database.js';
import type { NumberColumns } from './schema.js';

/** Adds the counts to the stored ones and clears them. */
export function writeNumbers(db: SqliteDatabase, counts: MinuteCounts): void {
  for (const cell of counts.drain()) write(db, cell);
}

function write(db: SqliteDatabase, cell: CountCell): void {
  const known = db.get<NumberColumns>(
    'SELECT * FROM numbers WHERE span = ? AND at = ? AND queue = ? AND type = ? AND worker = ?',
    [...cell.key],
  );
  if (known) mergeCounts(cell, known, Histogram.decode(known.waits), Histogram.decode(known.runs));
  const { sums, waits, runs } = cell;
  db.run(`INSERT OR REPLACE INTO numbers VALUES (?,?,?,?,?, ?,?,?,?,?,?, ?,?, ?,?)`, [
    ...cell.key,
    sums.added,
    sums.completed,
    sums.failed,
    sums.cancelled,
    sums.expired,
    sums.retried,
    Math.round(sums.wait_sum),
    Math.round(sums.run_sum),
    waits.count > 0 ? waits.encode() : null,
    runs.count > 0 ? runs.encode() : null,
  ]);
}
