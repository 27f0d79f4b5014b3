import type { Queue } from 'bullmq';
import type { MinuteCount } from './monitoring.openapi.js';

const MINUTE_MS = 60_000;

/** BullMQ's metrics of one queue and outcome. */
export interface Metrics {
  meta: { count: number; prevTS: number; prevCount: number };
  data: number[];
}

/** Reads the counts of the last `minutes` minutes of all queues together, oldest first, the current minute last. */
export async function readMinuteCounts(
  queues: Queue[],
  minutes: number,
  now: number,
): Promise<MinuteCount[]> {
  const read = (outcome: 'completed' | 'failed') =>
    Promise.all(queues.map((queue) => queue.getMetrics(outcome, 0, minutes) as Promise<Metrics>));
  const [completed, failed] = await Promise.all([read('completed'), read('failed')]);
  const thisMinute = Math.floor(now / MINUTE_MS);
  return Array.from({ length: minutes }, (_, i) => {
    const minute = thisMinute - (minutes - 1) + i;
    return {
      at: new Date(minute * MINUTE_MS).toISOString(),
      completed: sum(completed, minute),
      failed: sum(failed, minute),
    };
  });
}

/**
 * Returns the number of jobs finished within one minute (minutes since 1970). BullMQ writes a data point only when the
 * first job of a later minute finishes: `data[0]` is the minute before that of `prevTS`, and later jobs are
 * `count - prevCount`.
 */
export function countIn({ meta, data }: Metrics, minute: number): number {
  if (!meta?.prevTS) return 0;
  const last = Math.floor(Number(meta.prevTS) / MINUTE_MS);
  if (minute > last) return 0;
  if (minute === last) return Math.max(0, Number(meta.count) - Number(meta.prevCount));
  return Number(data[last - minute - 1] ?? 0);
}

function sum(all: Metrics[], minute: number): number {
  return all.reduce((total, metrics) => total + countIn(metrics, minute), 0);
}
