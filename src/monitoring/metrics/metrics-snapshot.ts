import type { SeenWorker } from '../../fleet/presence.js';
import type { RecorderStatus } from '../../history/history-status.js';
import type { ErrorState, StoreSize } from '../../history/store/history-store.js';
import type { TotalRow } from '../../history/store/totals-reader.js';
import type { QueueStats } from '../../queue/task-reader.js';
import type { RedisOverview } from '../redis-overview.js';

/** What is known at the moment of a scrape. */
export interface MetricsSnapshot {
  now: number;
  version: string;
  recorder: RecorderStatus;
  /** Answered in time; if not, `known` is what it said last. */
  historyUp: boolean;
  known?: KnownHistory | undefined;
  /** Absent while Redis does not answer: old numbers of it would be taken for new ones. */
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
  workers: SeenWorker[];
}
