import type { WorkerView } from '../../workers/workers.openapi.js';
import { formatBytes, formatNumber, plural } from '../kit/format.js';

/** Icon beside the name of a worker's status. */
export const WORKER_ICONS: Record<WorkerView['status'], string> = {
  online: 'circle-dot',
  paused: 'pause',
  draining: 'log-out',
  unknown: 'hourglass',
  offline: 'unplug',
};

/** Value with a thin bar under it; `width` in percent. */
export interface Gauge {
  text: string;
  unit: string;
  width: string;
  hot: boolean;
}

/** CPU of one process that fills the bar, percent of one core. Several threads can use more. */
const MAX_CPU_PERCENT = 100;
const HOT_CPU = 90;
const HOT_LAG_MS = 100;
/** Event loop lag that fills the bar, ms. */
const MAX_LAG_MS = 250;

export function toGauges(load: WorkerView['load'], mostMemory: number) {
  const [memory, memoryUnit] = formatBytes(load.rssBytes).split(' ') as [string, string];
  return {
    cpu: gauge(
      formatNumber(Math.round(load.cpuPercent)),
      '%',
      load.cpuPercent / MAX_CPU_PERCENT,
      load.cpuPercent >= HOT_CPU,
    ),
    memory: gauge(memory, memoryUnit, load.rssBytes / mostMemory, false),
    lag: gauge(formatNumber(Math.round(load.lagMs)), 'ms', load.lagMs / MAX_LAG_MS, load.lagMs >= HOT_LAG_MS),
  };
}

/** Formats the machine's load over 1, 5 and 15 minutes. */
export function toLoadLabel(load: readonly number[]): string {
  return load.map((one) => one.toFixed(2)).join('  ');
}

/** Returns the number of finished tasks. Attempts that are retried are not included. */
export function processedOf({ completed, failed, cancelled }: WorkerView['totals']): number {
  return completed + failed + cancelled;
}

/** Returns a text like `paused by api: deploy`, or the reason of the exit. */
export function toStatusReason({
  status,
  paused,
  left,
}: Pick<WorkerView, 'status' | 'paused' | 'left'>): string | undefined {
  if (status === 'offline') return left;
  if (status === 'unknown') return 'its signs of life are not written to Redis';
  if (!paused) return undefined;
  return `by ${paused.by}${paused.reason ? `: ${paused.reason}` : ''}`;
}

export function runningLabel(active: number): string {
  return active === 0 ? 'no running task' : plural(active, 'running task');
}

function gauge(text: string, unit: string, share: number, hot: boolean): Gauge {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return { text, unit, width: `${percent}%`, hot };
}
