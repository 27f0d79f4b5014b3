/** SQLite drivers: the module of Node, and the npm package. */
export type SqliteDriver = 'node' | 'libsql';

/**
 * Returns the driver that ROOST_SQLITE_DRIVER names. For tests and measurements: no setting, and the file format is
 * the same.
 */
export function namedSqliteDriver(env: NodeJS.Dict<string> = process.env): SqliteDriver | undefined {
  const name = env.ROOST_SQLITE_DRIVER;
  if (name === undefined || name === '') return undefined;
  if (name === 'node' || name === 'libsql') return name;
  throw new Error(`ROOST_SQLITE_DRIVER is "${name}". Set it to node or libsql, or leave it out.`);
}
