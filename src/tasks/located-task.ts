import type { HistoryTask } from '../history/ports/rows.js';
import type { FoundTask } from '../bullmq/task-reader.js';

/** A task and its source: Redis, which is authoritative while it has the task, or only the history. */
export type LocatedTask =
  | { id: string; queue: string; ours: true; live: FoundTask; past?: undefined }
  | { id: string; queue: string; ours: boolean; live?: undefined; past: HistoryTask };

/** Retention of a task. Times are ISO 8601; a missing field is unknown or does not apply. */
export interface RetentionTimes {
  /** Removal from Redis by age. Happens earlier when more than `redisCount` newer tasks share its queue and state. */
  redis?: string;
  redisCount?: number;
  history?: string;
  historyCount?: number;
}
