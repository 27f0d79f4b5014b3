import type { SqliteDatabase } from './database.js';
import { HistoryFileError } from './history-file-error.js';
import { MIGRATIONS, type Migration } from './migrations.js';

/** "Rost": marks the file as ours in its header. */
const APPLICATION_ID = 0x526f7374;

export { HistoryFileError };

/**
 * Brings the file to the format of this version, each step in a transaction of its own. Two processes may try at once.
 * @throws HistoryFileError when the file is from a newer version, or is another program's.
 */
export function migrate(db: SqliteDatabase, migrations: readonly Migration[] = MIGRATIONS): void {
  const newest = migrations.at(-1)?.number ?? 0;
  // Most often there is nothing to do; then no lock is waited for that another process may hold.
  while (checkedVersion(db, newest) < newest) {
    db.transaction(() => {
      const version = checkedVersion(db, newest);
      const next = migrations.find(({ number }) => number > version);
      if (!next) return;
      db.exec(next.sql);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${next.number}`);
    });
  }
}

function checkedVersion(db: SqliteDatabase, newest: number): number {
  const version = pragma(db, 'user_version');
  const application = pragma(db, 'application_id');
  const isEmpty = db.get<{ n: number }>('SELECT count(*) AS n FROM sqlite_schema')!.n === 0;
  if (application !== APPLICATION_ID && !isEmpty) {
    throw new HistoryFileError(
      `${db.file} is an SQLite file of another program. Let HISTORY_URL name a file of its own for the history.`,
    );
  }
  if (version > newest) {
    throw new HistoryFileError(
      `${db.file} was written by a newer Roost (format ${version}, this one knows up to ${newest}). ` +
        'Start that version again, or let HISTORY_URL name another file.',
    );
  }
  return version;
}

function pragma(db: SqliteDatabase, name: 'user_version' | 'application_id'): number {
  return db.get<Record<string, number>>(`PRAGMA ${name}`)![name]!;
}
