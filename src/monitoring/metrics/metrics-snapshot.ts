import type { KnownWorker } from '../../workers/presence.js';
import type { RecorderStatus } from '../../history/history-status.js';
import type { StoreSize } from '../../history/ports/history-store.js';
import type { ErrorState } from '../../history/ports/error-group-store.js';
import type { TotalRow } from '../../history/ports/stats-store.js';
import type { RedisReport } from '../../bullmq/connection/redis-health.js';
import type { QueueStats } from '../../bullmq/queue-stats.js';
import type { RedisOverview } from '../monitoring.openapi.js';

/** Data of one scrape. */
export interface MetricsSnapshot {
  now: number;
  version: string;
  recorder: RecorderStatus;
  /** True if the history answered in time; otherwise `known` is its last answer. */
  historyUp: boolean;
  known?: KnownHistory | undefined;
  /** Missing while Redis does not answer, because old values would look current. */
  redis?: RedisSnapshot | undefined;
}

export interface KnownHistory {
  totals: TotalRow[];
  size: StoreSize;
  errorGroups: Record<ErrorState, number>;
}

export interface RedisSnapshot {
  overview: RedisOverview;
  queues: ({ name: string } & QueueStats)[];
  workers: KnownWorker[];
  /** True where workers may exist but are not visible. */
  workersUnknown?: boolean;
  writes?: RedisReport['writes'];
}
