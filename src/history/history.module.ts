import {
  Global,
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { basename, dirname } from 'node:path';
import { accessSecretFile, ensureAccessSecret } from '../platform/config/access-secret.js';
import { findOpenFiles } from '../platform/config/private-files.js';
import { Settings } from '../platform/config/settings.js';
import { Queues } from '../bullmq/shared-queues.js';
import { redisAddress } from '../bullmq/connection/redis-address.js';
import { LOG } from '../platform/logging/logging.module.js';
import { historyFile } from './history-file.js';
import { HistoryFreshness } from './freshness.js';
import { HistoryStatus } from './history-status.js';
import { RecorderHost } from './recording/recorder-host.js';
import { openHistoryStore } from './adapter.js';
import { HistoryFileError } from './ports/history-errors.js';
import type { HistoryStore } from './ports/history-store.js';
import { HISTORY } from './tokens.js';

const DAY_MS = 86_400_000;

/** Builds the startup error for an unusable history, with its remedy: the process cannot start without a history. */
function toStartupError(file: string, error: unknown): HistoryFileError {
  const { message = String(error), code } = error as { message?: string; code?: string };
  const remedy =
    code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT'
      ? 'The file is damaged or not a database. Move it away to start with a new one, or name another file in HISTORY_URL.'
      : `Set HISTORY_URL to a file in a folder that this user may write to, such as file:${DEFAULT_FILE}.`;
  if (error instanceof HistoryFileError) return error;
  return new HistoryFileError(
    `The history cannot be opened (HISTORY_URL, ${file}): ${message}.\n  ${remedy}`,
  );
}

/** Without a storable secret the audit continues unsealed. */
function auditSecret(settings: Settings, log: Logger): { auditSecret?: string } {
  try {
    return { auditSecret: ensureAccessSecret(settings) };
  } catch (error) {
    const file = accessSecretFile(settings);
    log.warn({ err: error }, `${file} cannot be stored, so the audit is not sealed. Set ACCESS_SECRET.`);
    return {};
  }
}

const DEFAULT_FILE = new Settings().HISTORY_URL.slice('file:'.length);

const history = {
  provide: HISTORY,
  useFactory: async (settings: Settings, log: Logger): Promise<HistoryStore> => {
    const store = openHistoryStore({
      file: historyFile(settings),
      redact: settings.REDACT,
      ...auditSecret(settings, log),
    });
    try {
      await store.migrate();
    } catch (error) {
      throw toStartupError(historyFile(settings), error);
    }
    const file = historyFile(settings);
    for (const sentence of findOpenFiles(dirname(file), basename(file))) log.warn(sentence);
    return store;
  },
  inject: [Settings, LOG],
};

const recorder = {
  provide: RecorderHost,
  useFactory: (settings: Settings, shared: Queues, log: Logger): RecorderHost => {
    const failedMs = settings.HISTORY_RETENTION_FAILED_DAYS * DAY_MS;
    const maxTasks = settings.HISTORY_RETENTION_COUNT;
    return new RecorderHost(
      {
        file: historyFile(settings),
        redis: redisAddress(settings),
        prefix: settings.QUEUE_PREFIX,
        queues: shared.names(),
        redact: settings.REDACT,
        maxAgeMs: {
          completed: settings.HISTORY_RETENTION_DAYS * DAY_MS,
          failed: failedMs,
          cancelled: failedMs,
          expired: failedMs,
        },
        maxCount: { completed: maxTasks, failed: maxTasks, cancelled: maxTasks, expired: maxTasks },
      },
      log,
    );
  },
  inject: [Settings, Queues, LOG],
};

/** The lasting record of every task, separate from Redis. */
@Global()
@Module({
  providers: [history, recorder, { provide: HistoryStatus, useExisting: RecorderHost }, HistoryFreshness],
  exports: [HISTORY, HistoryStatus, HistoryFreshness],
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

  /** Runs before connections are closed. The next holder records the tasks submitted until then. */
  beforeApplicationShutdown(): Promise<void> {
    return this.recorder.stop();
  }

  onApplicationShutdown(): Promise<void> {
    return this.store.close();
  }
}
