import type { SqliteDatabase } from './database.js';

/** The last recorded stream entry of each queue. */
export function readCursors(db: SqliteDatabase): Record<string, string> {
  const rows = db.all<{ queue: string; place: string }>('SELECT queue, place FROM cursors');
  return Object.fromEntries(rows.map(({ queue, place }) => [queue, place]));
}

export function writeCursors(db: SqliteDatabase, cursors: Record<string, string>): void {
  db.run(
    `INSERT INTO cursors (queue, place) SELECT key, value FROM json_each(?) WHERE true
     ON CONFLICT DO UPDATE SET place = excluded.place`,
    [JSON.stringify(cursors)],
  );
}
