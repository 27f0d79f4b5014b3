import type * as KyselyPackage from 'kysely';
import { createRequire } from 'node:module';

/**
 * Kysely as CommonJS. Each thread of the history loads its 262 files at every start; as ES modules that takes
 * over twice the processor time.
 */
export const { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } =
  createRequire(import.meta.url)('kysely') as typeof KyselyPackage;
