import Libsql from 'libsql';
import type { SqliteConnection } from './sqlite-connection.js';

/** A connection of the npm package `libsql`, which brings an SQLite for every platform. */
export function openWithLibsql(file: string): SqliteConnection {
  const db = new Libsql(file);
  return {
    get inTransaction() {
      return db.inTransaction;
    },
    exec: (sql) => void db.exec(sql),
    prepare: (sql, as) => {
      const statement = as === 'lists' ? db.prepare(sql).raw() : db.prepare(sql);
      return {
        all: (params) => statement.all(params),
        run: (params) => statement.run(params).changes,
      };
    },
    close: () => void db.close(),
  };
}
