import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Settings } from '../config/settings.js';
import type { HistoryStore } from './store/history-store.js';
import { SqliteHistoryStore } from './store/sqlite-history-store.js';
import { HISTORY } from './tokens.js';

const history = {
  provide: HISTORY,
  useFactory: async (settings: Settings): Promise<HistoryStore> => {
    const file = resolve(settings.HISTORY_URL.slice('file:'.length));
    mkdirSync(dirname(file), { recursive: true });
    const store = new SqliteHistoryStore({ file });
    await store.migrate();
    return store;
  },
  inject: [Settings],
};

/** The lasting record of every task, apart from Redis. */
@Global()
@Module({ providers: [history], exports: [HISTORY] })
export class HistoryModule implements OnApplicationShutdown {
  constructor(@Inject(HISTORY) private readonly store: HistoryStore) {}

  onApplicationShutdown(): Promise<void> {
    return this.store.close();
  }
}
