import { isFinished } from '../model/states.js';
import type { TaskView } from '../model/task-view.js';
import { formatIso } from '../bullmq/codec/to-task-view.js';
import type { Settings } from '../platform/config/settings.js';

const HOUR_MS = 3_600_000;

/** Retention of a task. Times are ISO 8601; a missing field is unknown or does not apply. */
export interface RetentionTimes {
  /** Removal from Redis by age. Happens earlier when more than `redisCount` newer tasks share its queue and state. */
  redis?: string;
  redisCount?: number;
  history?: string;
  historyCount?: number;
}

export function toRetentionTimes(task: TaskView, settings: Settings): RetentionTimes {
  if (!isFinished(task.state) || !task.finishedAt) return {};
  const {
    TASK_RETENTION_COMPLETED_HOURS,
    TASK_RETENTION_COMPLETED_COUNT,
    TASK_RETENTION_FAILED_HOURS,
    TASK_RETENTION_FAILED_COUNT,
    HISTORY_RETENTION_DAYS,
    HISTORY_RETENTION_FAILED_DAYS,
    HISTORY_RETENTION_COUNT,
  } = settings;
  const completed = task.state === 'completed';
  const after = (ms: number) => formatIso(Date.parse(task.finishedAt!) + ms);
  return {
    ...(task.source
      ? {}
      : {
          redis: after((completed ? TASK_RETENTION_COMPLETED_HOURS : TASK_RETENTION_FAILED_HOURS) * HOUR_MS),
          redisCount: completed ? TASK_RETENTION_COMPLETED_COUNT : TASK_RETENTION_FAILED_COUNT,
        }),
    history: after((completed ? HISTORY_RETENTION_DAYS : HISTORY_RETENTION_FAILED_DAYS) * 24 * HOUR_MS),
    historyCount: HISTORY_RETENTION_COUNT,
  };
}
