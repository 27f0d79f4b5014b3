import type { StateCounts } from '../recording/rules/state-counts.js';
import type { SqliteDatabase } from './database.js';

/** Adds the changes to the stored counts and clears them. */
export function writeStateCounts(db: SqliteDatabase, counts: StateCounts): void {
  let isEmptied = false;
  for (const { queue, type, worker, state, by } of counts.drain()) {
    isEmptied ||= by < 0;
    db.run(
      'INSERT INTO tallies (queue, type, worker, state, n) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n',
      [queue, type, worker, state, by],
    );
  }
  if (isEmptied) db.run('DELETE FROM tallies WHERE n <= 0');
}
