import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { HistorySchema } from './schema.js';

/**
 * Builds and types SQL; it never runs any. Statements run synchronously on the thread's own connection, where the
 * builder's asynchronous driver would only add turns of the event loop.
 */
export const build = new Kysely<HistorySchema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});
