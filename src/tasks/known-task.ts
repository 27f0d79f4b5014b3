import type { HistoryTask } from '../history/store/rows.js';
import type { FoundTask } from '../queue/task-reader.js';

/** Where a task was found: in Redis, which is the truth while it is there, or in the history alone. */
export type KnownTask =
  | { id: string; queue: string; ours: true; live: FoundTask; past?: undefined }
  | { id: string; queue: string; ours: boolean; live?: undefined; past: HistoryTask };

/** How long it is kept: times of ISO 8601; what is left out is not known or not so. */
export interface KeptUntil {
  /** In Redis, by age; more than `redisCount` newer ones of its queue and state end that sooner. */
  redis?: string;
  redisCount?: number;
  history?: string;
  historyCount?: number;
}
