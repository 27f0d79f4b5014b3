import type { CompiledQuery } from 'kysely';
import { basename, dirname } from 'node:path';
import { closeFilesToOthers, ensurePrivateFile } from '../../platform/config/private-files.js';
import { HistoryFileError } from '../ports/history-errors.js';
import type { SqliteConnection, SqliteStatement, SqlValue } from './sqlite-connection.js';
import { openSqlite } from './sqlite-driver.js';

/** Values that can be bound; `undefined` and numbers that are not finite become NULL. */
export type Bindable = SqlValue | undefined;

/** Maximum compiled statements to reuse. Queries of users come in more shapes than are worth caching. */
const MAX_STATEMENTS = 200;

/** How long to wait for another process that writes, ms. */
const BUSY_MS = 5_000;

/**
 * Read by SQLite at every open. WAL lets searches go on while rows are written. With synchronous=NORMAL a loss of power
 * may undo the last commits, always whole ones and never the file: rows and stream cursor go back together, so
 * those events are read from Redis again. The file is not mapped into memory: it would be no faster, and all of it
 * that was ever read would count as memory of this process, once for each connection.
 */
const PRAGMAS = [
  `busy_timeout = ${BUSY_MS}`,
  // Takes effect only in an empty file. Space that retention frees can then be returned a piece at a time.
  'auto_vacuum = INCREMENTAL',
  'journal_mode = WAL',
  'synchronous = NORMAL',
  'temp_store = MEMORY',
  // Pages; with 48 MB of log between checkpoints many writes to a page become one.
  'wal_autocheckpoint = 12000',
  'journal_size_limit = 67108864',
];
const DEFAULT_CACHE_KIB = 16_384;

/** One connection to a file, synchronous: it belongs into a worker thread. */
export class SqliteDatabase {
  private readonly db: SqliteConnection;
  private readonly statements = new Map<string, SqliteStatement>();

  /** `file` is a path, or `:memory:`. A missing folder is made. With `pragmas` of its own it is opened as it is, rights included. */
  constructor(
    readonly file: string,
    cacheKib = DEFAULT_CACHE_KIB,
    pragmas: readonly string[] = PRAGMAS,
  ) {
    // SQLite gives its log beside the file the same rights.
    if (file !== ':memory:' && pragmas === PRAGMAS) {
      ensurePrivateFile(file);
      closeFilesToOthers(dirname(file), `${basename(file)}-`);
    }
    this.db = this.attempt(() => openSqlite(file));
    // A negative value is KiB, a positive one pages.
    for (const pragma of [...pragmas, `cache_size = -${cacheKib}`])
      this.attempt(() => this.setPragma(pragma));
  }

  /** SQLite does not wait for the other process where two of them turn a new file to WAL. */
  private setPragma(pragma: string): void {
    const until = performance.now() + BUSY_MS;
    for (;;) {
      try {
        this.db.exec(`PRAGMA ${pragma}`);
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() > until) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      }
    }
  }

  exec(sql: string): void {
    this.db.exec(sql);
  }

  all<Row>(sql: string, params: Bindable[] = []): Row[] {
    return this.attempt(() => this.statement(sql).all(bound(params)) as Row[]);
  }

  /** Rows as lists of their columns: half the cost of objects, where rows are wide and many. */
  lists(sql: string, params: Bindable[] = []): SqlValue[][] {
    return this.attempt(() => this.statement(sql, 'lists').all(bound(params)) as SqlValue[][]);
  }

  get<Row>(sql: string, params: Bindable[] = []): Row | undefined {
    // Not the driver's own get, which adds a member of its own to the row.
    return this.all<Row>(sql, params)[0];
  }

  /** Returns how many rows it changed. */
  run(sql: string, params: Bindable[] = []): number {
    return this.attempt(() => this.statement(sql).run(bound(params)));
  }

  /** The rows of a query made with the builder. */
  query<Row>({ sql, parameters }: CompiledQuery<Row>): Row[] {
    return this.all<Row>(sql, [...parameters] as Bindable[]);
  }

  execute({ sql, parameters }: CompiledQuery): number {
    return this.run(sql, [...parameters] as Bindable[]);
  }

  /** All of it or nothing. */
  transaction<Result>(act: () => Result): Result {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const result = act();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.db.inTransaction) this.db.exec('ROLLBACK');
      throw readable(error, this.file);
    }
  }

  close(): void {
    this.statements.clear();
    this.db.close();
  }

  private attempt<Result>(act: () => Result): Result {
    try {
      return act();
    } catch (error) {
      throw readable(error, this.file);
    }
  }

  private statement(sql: string, as: 'objects' | 'lists' = 'objects'): SqliteStatement {
    const key = as === 'lists' ? `lists ${sql}` : sql;
    let statement = this.statements.get(key);
    if (statement) this.statements.delete(key);
    else statement = this.db.prepare(sql, as);
    this.statements.set(key, statement);
    if (this.statements.size > MAX_STATEMENTS) this.statements.delete(this.statements.keys().next().value!);
    return statement;
  }
}

function isBusy(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^SQLITE_(BUSY|LOCKED)/.test(code);
}

/** Turns errors that an operator can fix into messages with the fix. */
function readable(error: unknown, file: string): unknown {
  const { code } = error as { code?: unknown };
  if (code === 'SQLITE_FULL')
    return new HistoryFileError(`The disk that holds ${file} is full. Nothing is lost: free some space.`);
  if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB')
    return new HistoryFileError(
      `${file} is no database, or a damaged one. Move it away and a new one is made, or let HISTORY_URL name another file.`,
    );
  return error;
}

/** In place: the lists are made for one call. */
function bound(params: Bindable[]): SqlValue[] {
  for (let i = 0; i < params.length; i++) params[i] = toBound(params[i]);
  return params as SqlValue[];
}

/**
 * Only values that both drivers accept: at a boolean libsql 0.5.29 ends the whole process, an object is read as named
 * parameters, and libsql and the SQLite of Node 22 cut text at a NUL when it is read back.
 */
function toBound(value: unknown): SqlValue {
  switch (typeof value) {
    case 'string':
      return value.includes('\0') ? value.replaceAll('\0', '\u2400') : value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'bigint':
      return value;
    case 'undefined':
      return null;
    default:
      if (value === null || value instanceof Uint8Array) return value;
      throw new TypeError(`A ${typeof value} cannot be bound to an SQL statement.`);
  }
}
