import type { ConsumerRecord } from '../fleet/worker-record.js';

/** A task that has waited longer than this, ms, asks for more hands. */
export const TARGET_WAIT_MS = 2_000;
/** An event loop busier than this, percent, has no room for more. */
const FULL_PERCENT = 85;
/** Beats a consumer has to be under-used before it shrinks. */
const PATIENCE = 10;

/** What one consumer looks like at a beat. */
export interface ScaleFacts {
  consumer: ConsumerRecord;
  /** ms the oldest waiting task of its queue has waited; 0 while none waits. */
  oldestWaitMs: number;
  busyPercent: number;
}

/** Grows while tasks wait too long and the event loop has room; shrinks one by one when idle. */
export class Autoscaler {
  private readonly idleBeats = new Map<string, number>();

  /** The concurrency this consumer should have now; the same for "leave it". */
  next({ consumer, oldestWaitMs, busyPercent }: ScaleFacts): number {
    const { queue, concurrency, active, autoscale } = consumer;
    if (!autoscale) return concurrency;
    const { min, max } = autoscale;
    const within = (n: number) => Math.min(max, Math.max(min, n));
    if (oldestWaitMs > TARGET_WAIT_MS && active >= concurrency && busyPercent < FULL_PERCENT) {
      this.idleBeats.delete(queue);
      // Half as many again: from 1 to 30 in nine beats.
      return within(concurrency + Math.max(1, Math.floor(concurrency / 2)));
    }
    const idle = active < concurrency && oldestWaitMs === 0;
    const beats = idle ? (this.idleBeats.get(queue) ?? 0) + 1 : 0;
    this.idleBeats.set(queue, beats);
    return beats > PATIENCE ? within(concurrency - 1) : within(concurrency);
  }
}
