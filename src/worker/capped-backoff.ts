import type { BackoffOptions, JobsOptions } from 'bullmq';
import { MAX_DELAY_MS } from '../task-api/delays.js';

/** Backoff as the submitter stored it. BullMQ does not know `maxDelay`. */
export interface StoredBackoff extends BackoffOptions {
  maxDelay?: number;
}

/**
 * Returns the pause before the next attempt. Replaces BullMQ's own backoff, which doubles without a limit.
 * `attempt`: number of the attempt that has just failed, from 1. Jitter is subtracted from the capped pause,
 * so that tasks at the cap do not retry in step either.
 */
export function toCappedBackoff(backoff: JobsOptions['backoff'], attempt: number): JobsOptions['backoff'] {
  if (typeof backoff !== 'object' || backoff.type !== 'exponential') return backoff;
  const { delay = 0, jitter, maxDelay = MAX_DELAY_MS } = backoff as StoredBackoff;
  const pause = Math.min(maxDelay, MAX_DELAY_MS, Math.round(2 ** (attempt - 1) * delay));
  return { type: 'fixed', delay: pause, ...(jitter === undefined ? {} : { jitter }) };
}
