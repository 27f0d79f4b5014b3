import type { Settings } from '../platform/config/settings.js';
import type { WorkerOptions } from 'bullmq';

/**
 * Worker options that are the same in every process. A worker that is killed while it runs a task is detected after
 * at most lockDuration plus stalledInterval: 12 s, compared with 60 s by BullMQ's defaults.
 */
export const WORKER_POLICY = {
  // The worker app sets name, concurrency and retention first, then starts the queues that it serves.
  autorun: false,
  lockDuration: 8_000,
  stalledInterval: 4_000,
  // Allows a few deploys or crashes, and still ends a task that kills its worker every time.
  maxStalledCount: 3,
  drainDelay: 2,
  runRetryDelay: 1_000,
  // By default BullMQ sleeps up to 30 s for a rate limit, even if the limit is lifted meanwhile.
  maximumRateLimitDelay: 1_000,
  // One point per minute: 24 hours.
  metrics: { maxDataPoints: 24 * 60 },
} satisfies Partial<WorkerOptions>;

/** Retention as worker options instead of job options: saves 60 bytes per job. */
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
