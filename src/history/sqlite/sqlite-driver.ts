import { namedSqliteDriver, type SqliteDriver } from '../../platform/config/sqlite-driver.js';
import { findNodeSqlite } from './node-connection.js';
import type { OpenSqlite } from './sqlite-connection.js';

async function chooseDriver(): Promise<[SqliteDriver, OpenSqlite]> {
  const named = namedSqliteDriver();
  const ofNode = named === 'libsql' ? undefined : findNodeSqlite();
  if (ofNode) return ['node', ofNode];
  if (named === 'node')
    throw new Error(`Node ${process.version} has no SQLite that can be used. Leave ROOST_SQLITE_DRIVER out.`);
  // Loaded only where it is used: two SQLites in one process would break each other's locks on a file.
  return ['libsql', (await import('./libsql-connection.js')).openWithLibsql];
}

/** The driver of this process; docs/decisions/020-sqlite-driver.md has the choice. */
export const [sqliteDriver, openSqlite] = await chooseDriver();
