import {
  Global,
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { resolve } from 'node:path';
import { Settings } from '../config/settings.js';
import { redisAddress } from '../queue/redis-address.js';
import { LOG } from '../logging/logging.module.js';
import { HistoryStatus } from './history-status.js';
import { RecorderHost } from './recorder/recorder-host.js';
import { HistoryFileError } from './store/history-file-error.js';
import type { HistoryStore } from './store/history-store.js';
import { SqliteHistoryStore } from './store/sqlite-history-store.js';
import { HISTORY } from './tokens.js';

const DAY_MS = 86_400_000;

function fileOf(settings: Settings): string {
  return resolve(settings.HISTORY_URL.slice('file:'.length));
}

/** The process cannot start without its history; what stands in the way is for a person to know. */
function unusable(file: string, error: unknown): HistoryFileError {
  const { message = String(error), code } = error as { message?: string; code?: string };
  const cure =
    code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT'
      ? 'It is no database, or a damaged one: move it away and a new one is made, or let HISTORY_URL name another file.'
      : `Let HISTORY_URL name a file in a folder that this user may write to, such as file:${DEFAULT_FILE}.`;
  if (error instanceof HistoryFileError) return error;
  return new HistoryFileError(`The history cannot be opened (HISTORY_URL, ${file}): ${message}.\n  ${cure}`);
}

const DEFAULT_FILE = new Settings().HISTORY_URL.slice('file:'.length);

const history = {
  provide: HISTORY,
  useFactory: async (settings: Settings): Promise<HistoryStore> => {
    const store = new SqliteHistoryStore({ file: fileOf(settings), redact: settings.REDACT });
    try {
      await store.migrate();
    } catch (error) {
      throw unusable(fileOf(settings), error);
    }
    return store;
  },
  inject: [Settings],
};

const recorder = {
  provide: RecorderHost,
  useFactory: (settings: Settings, log: Logger): RecorderHost => {
    const failedMs = settings.HISTORY_RETENTION_FAILED_DAYS * DAY_MS;
    const most = settings.HISTORY_RETENTION_COUNT;
    return new RecorderHost(
      {
        file: fileOf(settings),
        redis: redisAddress(settings),
        prefix: settings.QUEUE_PREFIX,
        redact: settings.REDACT,
        keepMs: {
          completed: settings.HISTORY_RETENTION_DAYS * DAY_MS,
          failed: failedMs,
          cancelled: failedMs,
          expired: failedMs,
        },
        keepMost: { completed: most, failed: most, cancelled: most, expired: most },
      },
      log,
    );
  },
  inject: [Settings, LOG],
};

/** The lasting record of every task, apart from Redis. */
@Global()
@Module({
  providers: [history, recorder, { provide: HistoryStatus, useExisting: RecorderHost }],
  exports: [HISTORY, HistoryStatus],
})
export class HistoryModule
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly recorder: RecorderHost,
  ) {}

  onApplicationBootstrap(): void {
    this.recorder.start();
  }

  /** Before connections are closed: what was handed in up to now is recorded by the next holder. */
  beforeApplicationShutdown(): Promise<void> {
    return this.recorder.stop();
  }

  onApplicationShutdown(): Promise<void> {
    return this.store.close();
  }
}
