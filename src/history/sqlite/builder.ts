import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from './kysely.js';
import type { HistorySchema } from './schema.js';

/**
 * Builds and types SQL, and never runs it. Statements run synchronously on the thread's own connection; the builder's
 * asynchronous driver would only add event-loop turns.
 */
export const build = new Kysely<HistorySchema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});
