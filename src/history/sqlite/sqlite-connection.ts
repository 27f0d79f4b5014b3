/** Values that can be bound. Bytes are read as a Uint8Array or an ArrayBuffer, depending on the driver. */
export type SqlValue = string | number | bigint | Uint8Array | null;

/** A compiled statement; its rows are objects without a prototype, or lists. */
export interface SqliteStatement {
  all(params: SqlValue[]): unknown[];
  /** Returns the number of changed rows. */
  run(params: SqlValue[]): number;
}

/**
 * One open file, synchronous. Errors of SQLite carry the name of their result in `code`, such as SQLITE_BUSY; an
 * integer beyond 2^53 is read as the nearest double.
 */
export interface SqliteConnection {
  readonly inTransaction: boolean;
  /** Runs statements without parameters; rows are dropped. */
  exec(sql: string): void;
  prepare(sql: string, as: 'objects' | 'lists'): SqliteStatement;
  close(): void;
}

/** `file` is a path, or `:memory:`. */
export type OpenSqlite = (file: string) => SqliteConnection;
