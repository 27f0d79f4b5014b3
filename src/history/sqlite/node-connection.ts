import type { OpenSqlite, SqliteConnection, SqliteStatement, SqlValue } from './sqlite-connection.js';

/** The part of `node:sqlite` in use; the types of Node 20 have none of it. */
interface NodeStatement {
  all(...params: SqlValue[]): unknown[];
  run(...params: SqlValue[]): { changes: number | bigint };
  setReturnArrays?(enabled: boolean): void;
  setReadBigInts(enabled: boolean): void;
}
interface NodeDatabase {
  readonly isTransaction?: boolean;
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
  close(): void;
}
interface NodeSqlite {
  DatabaseSync: new (file: string) => NodeDatabase;
}

/** Primary result codes by number; extended codes have them in their lowest byte. */
const RESULTS: Readonly<Record<number, string>> = {
  3: 'PERM',
  5: 'BUSY',
  6: 'LOCKED',
  7: 'NOMEM',
  8: 'READONLY',
  9: 'INTERRUPT',
  10: 'IOERR',
  11: 'CORRUPT',
  13: 'FULL',
  14: 'CANTOPEN',
  15: 'PROTOCOL',
  17: 'SCHEMA',
  18: 'TOOBIG',
  19: 'CONSTRAINT',
  23: 'AUTH',
  26: 'NOTADB',
};

/**
 * Returns a function that opens files with the SQLite that Node brings; undefined where this Node has none, an older
 * one without what is used here, or one that was built without full-text search.
 */
export function findNodeSqlite(): OpenSqlite | undefined {
  const sqlite = loadWithoutWarning();
  if (!sqlite) return undefined;
  const open: OpenSqlite = (file) => connect(sqlite, file);
  const probe = new sqlite.DatabaseSync(':memory:');
  try {
    probe.exec('CREATE VIRTUAL TABLE probe USING fts5(text)');
    const hasLists = typeof probe.prepare('SELECT 1').setReturnArrays === 'function';
    return hasLists && probe.isTransaction === false ? open : undefined;
  } catch {
    return undefined;
  } finally {
    probe.close();
  }
}

/** Node warns at the load of the module alone, once in a process, that it is experimental. */
function loadWithoutWarning(): NodeSqlite | undefined {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule('node:sqlite') as unknown as NodeSqlite | undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function connect({ DatabaseSync }: NodeSqlite, file: string): SqliteConnection {
  const db = named(() => new DatabaseSync(file));
  return {
    get inTransaction() {
      return db.isTransaction === true;
    },
    exec: (sql) => named(() => db.exec(sql)),
    prepare: (sql, as) => {
      const statement = named(() => db.prepare(sql));
      if (as === 'lists') statement.setReturnArrays!(true);
      return toStatement(statement);
    },
    close: () => db.close(),
  };
}

function toStatement(statement: NodeStatement): SqliteStatement {
  return {
    all(params) {
      try {
        return statement.all(...params);
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ERR_OUT_OF_RANGE') throw toNamed(error);
        return named(() => withBigInts(statement, params));
      }
    },
    run: (params) => named(() => Number(statement.run(...params).changes)),
  };
}

/** Node throws at an integer that is no safe one; as BigInts all of them can be read. */
function withBigInts(statement: NodeStatement, params: SqlValue[]): unknown[] {
  statement.setReadBigInts(true);
  try {
    const rows = statement.all(...params) as Record<string, unknown>[];
    for (const row of rows) {
      for (const [column, value] of Object.entries(row))
        if (typeof value === 'bigint') row[column] = Number(value);
    }
    return rows;
  } finally {
    statement.setReadBigInts(false);
  }
}

function named<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw toNamed(error);
  }
}

function toNamed(error: unknown): unknown {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (code !== 'ERR_SQLITE_ERROR' || typeof errcode !== 'number') return error;
  return Object.assign(error as Error, { code: `SQLITE_${RESULTS[errcode & 0xff] ?? 'ERROR'}` });
}
