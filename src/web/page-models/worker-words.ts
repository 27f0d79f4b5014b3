import type { WorkerView } from '../../fleet/worker-view.js';
import { formatBytes, formatNumber, plural } from './format.js';

/** The icon beside the word of a worker's status. */
export const WORKER_ICONS: Record<WorkerView['status'], string> = {
  online: 'circle-dot',
  paused: 'pause',
  draining: 'log-out',
  offline: 'unplug',
};

/** A value with a thin bar under it; `width` in percent. */
export interface Gauge {
  text: string;
  unit: string;
  width: string;
  hot: boolean;
}

/** What one process can use of one core, percent; more is possible with several threads. */
const FULL_CPU = 100;
const HOT_CPU = 90;
const HOT_LAG_MS = 100;
/** A lag that fills the bar, ms. */
const FULL_LAG_MS = 250;

export function toGauges(load: WorkerView['load'], mostMemory: number) {
  const [memory, memoryUnit] = formatBytes(load.rssBytes).split(' ') as [string, string];
  return {
    cpu: gauge(
      formatNumber(Math.round(load.cpuPercent)),
      '%',
      load.cpuPercent / FULL_CPU,
      load.cpuPercent >= HOT_CPU,
    ),
    memory: gauge(memory, memoryUnit, load.rssBytes / mostMemory, false),
    lag: gauge(
      formatNumber(Math.round(load.lagMs)),
      'ms',
      load.lagMs / FULL_LAG_MS,
      load.lagMs >= HOT_LAG_MS,
    ),
  };
}

/** Load of the machine over 1, 5 and 15 minutes. */
export function toLoadWords(load: readonly number[]): string {
  return load.map((one) => one.toFixed(2)).join('  ');
}

/** Tasks it brought to an end; attempts that are tried again are not among them. */
export function processedOf({ completed, failed, cancelled }: WorkerView['totals']): number {
  return completed + failed + cancelled;
}

/** `paused by api: deploy`, or why it left. */
export function toStatusReason({
  status,
  paused,
  left,
}: Pick<WorkerView, 'status' | 'paused' | 'left'>): string | undefined {
  if (status === 'offline') return left;
  if (!paused) return undefined;
  return `by ${paused.by}${paused.reason ? `: ${paused.reason}` : ''}`;
}

export function runningWords(active: number): string {
  return active === 0 ? 'no running task' : plural(active, 'running task');
}

function gauge(text: string, unit: string, share: number, hot: boolean): Gauge {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return { text, unit, width: `${percent}%`, hot };
}
