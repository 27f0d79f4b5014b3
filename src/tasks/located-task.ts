import type { HistoryTask } from '../history/ports/rows.js';
import type { FoundTask } from '../bullmq/task-reader.js';

/** A task and its source: Redis, which is authoritative while it has the task, or only the history. */
export type LocatedTask =
  | { id: string; queue: string; ours: true; redis: FoundTask; history?: undefined }
  | { id: string; queue: string; ours: boolean; redis?: undefined; history: HistoryTask };

/** A task that only the history has. */
export type HistoryOnlyTask = LocatedTask & { redis?: undefined };

/** A task of another program, known from the history. */
export type ObservedTask = HistoryOnlyTask & { ours: false };

export function isObserved(located: LocatedTask): located is ObservedTask {
  return !located.ours;
}
