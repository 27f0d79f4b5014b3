import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SqliteHistoryStore } from '../../src/history/sqlite/sqlite-history-store.js';
import { projectRoot } from './processes.js';

/** The history of a running Roost from outside. Its threads are those of the build: they know no TypeScript. */
export async function openHistory(file: string): Promise<SqliteHistoryStore> {
  const thread = pathToFileURL(join(projectRoot, 'dist/history/sqlite/store-thread.js'));
  const store = new SqliteHistoryStore({ file, thread });
  await store.migrate();
  return store;
}
