import type { SqliteDatabase } from './database.js';
import { isSameInode, locateFile, type FileLocation } from './file-location.js';

/**
 * Meta key of the location where the content was last opened. It travels with the content and thereby identifies a
 * copy.
 */
const HOME = 'home';
/** Meta key of the id under which other histories on the same Redis know this one. */
export const KNOWN_AS = 'store';

const BULK_ABANDONED =
  'this history is a copy or a restored backup; the rest of the action stays with the history in which it was started';

/**
 * Turns a copied or restored history into an independent one: operations in progress in the original are not repeated
 * here. Does nothing for a history that was only moved, or whose machine was restarted.
 */
export function adoptCopy(db: SqliteDatabase, now = Date.now()): void {
  const here = locateFile(db.file);
  if (!here || isHome(db, here)) return;
  try {
    db.transaction(() => {
      if (isCopy(db, here)) {
        endOpenBulks(db, now);
        db.run('DELETE FROM meta WHERE key = ?', [KNOWN_AS]);
      }
      const { inode, born } = here;
      db.run('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value', [
        HOME,
        JSON.stringify({ inode, born }),
      ]);
    });
  } catch (error) {
    // A full disk must not prevent reading; the next start records the location.
    if (isCopy(db, here)) throw error;
  }
}

/** Clears the location, for a copy that is not opened as a history before it is restored. */
export function clearLocation(db: SqliteDatabase, now = Date.now()): void {
  db.transaction(() => {
    endOpenBulks(db, now);
    db.run('DELETE FROM meta WHERE key IN (?, ?)', [HOME, KNOWN_AS]);
  });
}

function endOpenBulks(db: SqliteDatabase, now: number): void {
  db.run(
    `UPDATE bulks SET state = 'failed', finished = ?, trouble = ?, holder = NULL, heard = NULL
     WHERE state IN ('pending', 'running')`,
    [now, BULK_ABANDONED],
  );
}

function isHome(db: SqliteDatabase, here: FileLocation): boolean {
  const home = homeOf(db);
  return home !== undefined && isSameInode(home, here) && (home.born !== '' || here.born === '');
}

function isCopy(db: SqliteDatabase, here: FileLocation): boolean {
  const home = homeOf(db);
  return home !== undefined && !isSameInode(home, here);
}

function homeOf(db: SqliteDatabase): { inode: string; born: string } | undefined {
  const value = db.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', [HOME])?.value;
  return value === undefined ? undefined : (JSON.parse(value) as { inode: string; born: string });
}
