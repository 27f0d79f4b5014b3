import type { Settings } from '../config/settings.js';
import type { WorkerOptions } from 'bullmq';

/**
 * How workers hold jobs, the parts that are the same in every process. A worker killed in the middle of a
 * task is noticed after at most the lock's length plus one check: 12 s, against BullMQ's standard 60 s.
 */
export const WORKER_POLICY = {
  // The worker app sets name, concurrency and retention first, then starts the ones it is to serve.
  autorun: false,
  lockDuration: 8_000,
  stalledInterval: 4_000,
  // A deploy or a crash must not use up a task's chances; one that kills its worker every time still ends.
  maxStalledCount: 3,
  drainDelay: 2,
  runRetryDelay: 1_000,
  // BullMQ would sleep up to 30 s of a rate limit that may be lifted in the meantime.
  maximumRateLimitDelay: 1_000,
  // One point a minute: the last hour and a day to look back.
  metrics: { maxDataPoints: 24 * 60 },
} satisfies Partial<WorkerOptions>;

/** Retention lives with the worker, not in each job: that is 60 bytes less a job. */
export function retention(settings: Settings): Pick<WorkerOptions, 'removeOnComplete' | 'removeOnFail'> {
  return {
    removeOnComplete: {
      age: settings.TASK_RETENTION_COMPLETED_HOURS * 3600,
      count: settings.TASK_RETENTION_COMPLETED_COUNT,
    },
    removeOnFail: {
      age: settings.TASK_RETENTION_FAILED_HOURS * 3600,
      count: settings.TASK_RETENTION_FAILED_COUNT,
    },
  };
}
