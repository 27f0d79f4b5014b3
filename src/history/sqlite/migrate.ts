import type { SqliteDatabase } from './database.js';
import { HistoryFileError } from '../ports/history-errors.js';
import { MIGRATIONS, type Migration } from './migrations.js';

/** "Rost": marks the file as ours in its header. */
const APPLICATION_ID = 0x526f7374;

export { HistoryFileError };

/**
 * Migrates the file to the format of this version, each step in its own transaction. Safe when two processes run it
 * at once.
 * @throws HistoryFileError when the file is from a newer version, or belongs to another program.
 */
export function migrate(db: SqliteDatabase, migrations: readonly Migration[] = MIGRATIONS): void {
  const newest = migrations.at(-1)?.number ?? 0;
  // Usually there is nothing to do; this check waits for no lock of another process.
  while (checkedVersion(db, newest) < newest) {
    db.transaction(() => {
      const version = checkedVersion(db, newest);
      const next = migrations.find(({ number }) => number > version);
      if (!next) return;
      if (next.sqlIfEmpty && !hasTasks(db)) db.exec(next.sqlIfEmpty);
      db.exec(next.sql);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${next.number}`);
    });
  }
}

function hasTasks(db: SqliteDatabase): boolean {
  return db.all('SELECT no FROM tasks LIMIT 1').length > 0;
}

/** @throws HistoryFileError like `migrate`, and when the file is not a history. */
export function checkFormat(db: SqliteDatabase): void {
  if (checkedVersion(db, MIGRATIONS.at(-1)!.number) > 0) return;
  throw new HistoryFileError(`${db.file} is not a history of Roost.`);
}

function checkedVersion(db: SqliteDatabase, newest: number): number {
  const version = pragma(db, 'user_version');
  const application = pragma(db, 'application_id');
  const isEmpty = db.get<{ n: number }>('SELECT count(*) AS n FROM sqlite_schema')!.n === 0;
  if (application !== APPLICATION_ID && !isEmpty) {
    throw new HistoryFileError(
      `${db.file} is an SQLite file of another program. Set HISTORY_URL to a file of its own for the history.`,
    );
  }
  if (version > newest) {
    throw new HistoryFileError(
      `${db.file} was written by a newer Roost (format ${version}, this one knows up to ${newest}). ` +
        'Start that version again, or set HISTORY_URL to another file.',
    );
  }
  return version;
}

function pragma(db: SqliteDatabase, name: 'user_version' | 'application_id'): number {
  return db.get<Record<string, number>>(`PRAGMA ${name}`)![name]!;
}
