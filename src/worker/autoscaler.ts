import type { ConsumerRecord } from '../workers/worker-record.js';

/** Longest acceptable wait of a task, ms. A longer wait increases the concurrency. */
export const TARGET_WAIT_MS = 2_000;
/** Event loop utilization in percent above which the concurrency does not grow. */
const MAX_BUSY_PERCENT = 85;
/** Heartbeats that a consumer must be idle before its concurrency shrinks. */
const MAX_IDLE_HEARTBEATS = 10;

/** State of one consumer at a heartbeat. */
export interface ScaleFacts {
  consumer: ConsumerRecord;
  /** Wait of the oldest waiting task of its queue, ms; 0 if none waits. */
  oldestWaitMs: number;
  busyPercent: number;
}

/**
 * Grows the concurrency while tasks wait too long and the event loop has room. Shrinks it one by one when
 * idle.
 */
export class Autoscaler {
  private readonly idleHeartbeats = new Map<string, number>();

  /** Returns the new concurrency of the consumer; the current value means no change. */
  next({ consumer, oldestWaitMs, busyPercent }: ScaleFacts): number {
    const { queue, concurrency, active, autoscale } = consumer;
    if (!autoscale) return concurrency;
    const { min, max } = autoscale;
    const within = (n: number) => Math.min(max, Math.max(min, n));
    if (oldestWaitMs > TARGET_WAIT_MS && active >= concurrency && busyPercent < MAX_BUSY_PERCENT) {
      this.idleHeartbeats.delete(queue);
      // Grows by half: from 1 to 30 in nine heartbeats.
      return within(concurrency + Math.max(1, Math.floor(concurrency / 2)));
    }
    const idle = active < concurrency && oldestWaitMs === 0;
    const beats = idle ? (this.idleHeartbeats.get(queue) ?? 0) + 1 : 0;
    this.idleHeartbeats.set(queue, beats);
    return beats > MAX_IDLE_HEARTBEATS ? within(concurrency - 1) : within(concurrency);
  }
}
