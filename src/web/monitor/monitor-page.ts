import { TASK_STATES, type TaskState } from '../../model/states.js';
import type { MonitorNow, QueueOverview, RedisOverview } from '../../monitoring/monitoring.openapi.js';
import type { WorkerView } from '../../workers/workers.openapi.js';
import { toCommand } from '../kit/banner.js';
import { round } from '../kit/chart-axis.js';
import { formatBytes, formatDuration, formatNumber, plural } from '../kit/format.js';
import { WORKER_ICONS } from '../workers/worker-labels.js';

export interface BigNumber {
  id: string;
  label: string;
  value: string;
  unit?: string;
  note: string;
  href: string;
  spark?: string;
  tone?: 'failed' | 'warning';
}

export interface QueueRow {
  id: string;
  name: string;
  /** Address of the queue's page. */
  href: string;
  counts: { state: TaskState; count: number; href: string }[];
  /** Open states side by side, scaled to the fullest queue, in percent. */
  bar: { state: TaskState; x: string; width: string; title: string }[];
  open: number;
  oldest?: string;
  late: boolean;
  paused: boolean;
  workers: number;
}

export interface WorkerRow {
  id: string;
  name: string;
  href: string;
  /** Includes `paused` and `draining` workers, which fetch nothing new. */
  status: string;
  icon: string;
  online: boolean;
  lastSeenAt: string;
  active: number;
  slots: number;
}

/** Part of a worker that these pages show. */
export type ShownWorker = Pick<WorkerView, 'id' | 'name' | 'status' | 'lastSeenAt' | 'active' | 'left'> & {
  consumers: Pick<WorkerView['consumers'][number], 'concurrency'>[];
};

export type ShownNow = Omit<MonitorNow, 'workers'> & { workers: ShownWorker[] };

/** Current state from Redis. */
export interface NowPanels {
  redis: { name: string; value: string; warn?: boolean }[];
  /** Command that starts a worker here; set while a queue has none. */
  workerCommand?: string;
}

const OPEN: readonly TaskState[] = ['active', 'waiting', 'delayed', 'waiting-children'];

/** Wait after which a task is shown as late, ms. */
export const LATE_MS = 60_000;

export function toNowPanels(now: ShownNow): NowPanels {
  return {
    redis: toRedis(now.redis),
    workerCommand: toCommand(now.warnings.find(({ code }) => code === 'NO_WORKER')),
  };
}

/** Returns the two big numbers of the current moment. */
export function toNowNumbers(now: ShownNow | undefined): BigNumber[] {
  const waiting = { id: 'number-oldest', label: 'Oldest waiting', href: '/tasks?state=waiting' };
  const there = { id: 'number-workers', label: 'Workers online', href: '/monitor/workers' };
  if (!now) {
    const unknown = { value: '–', note: 'Redis does not answer' };
    return [
      { ...waiting, ...unknown },
      { ...there, ...unknown },
    ];
  }
  const queues = [...now.queues, ...now.otherQueues];
  const oldestMs = Math.max(-1, ...queues.map((queue) => queue.oldestWaitingMs ?? -1));
  const waits = queues.reduce((sum, { counts }) => sum + counts.waiting, 0);
  const online = now.workers.filter((worker) => worker.status !== 'offline');
  const unknown = online.filter(({ status }) => status === 'unknown').length;
  const slots = online.reduce((sum, worker) => sum + slotsOf(worker), 0);
  const active = online.reduce((sum, worker) => sum + worker.active, 0);
  return [
    {
      ...waiting,
      ...(oldestMs < 0
        ? { value: '–', note: 'nothing waits' }
        : {
            ...splitUnit(formatDuration(oldestMs)),
            note: `${plural(waits, 'task waits', 'tasks wait')} now`,
          }),
      tone: oldestMs > LATE_MS ? 'warning' : undefined,
    },
    {
      ...there,
      value: unknown > 0 && unknown === online.length ? '?' : formatNumber(online.length - unknown),
      unit: `/ ${formatNumber(online.length + lostWorkers(now).length)}`,
      note:
        unknown > 0
          ? `of ${plural(unknown, 'worker')} it is not known`
          : slots > 0
            ? `${formatNumber(active)} of ${plural(slots, 'slot')} in use`
            : 'no slots',
      tone: online.length === 0 ? 'warning' : undefined,
    },
  ];
}

/** Returns the workers that ended without a report and that no worker of the same name has replaced. */
export function lostWorkers({ workers }: Pick<ShownNow, 'workers'>): ShownNow['workers'] {
  const online = new Set(workers.filter(({ status }) => status !== 'offline').map(({ name }) => name));
  return workers.filter(
    ({ status, left, name }) =>
      status === 'offline' && left?.startsWith('lost') === true && !online.has(name),
  );
}

export function toQueueRows(queues: QueueOverview[]): QueueRow[] {
  const fullest = Math.max(1, ...queues.map((queue) => openOf(queue)));
  return queues.map((queue) => {
    const list = `/tasks?queue=${encodeURIComponent(queue.name)}`;
    let x = 0;
    const bar = OPEN.filter((state) => queue.counts[state] > 0).map((state) => {
      // Minimum width, so that one task among thousands is visible.
      const width = Math.max(0.8, (queue.counts[state] / fullest) * 97);
      const segment = {
        state,
        x: `${round(x)}%`,
        width: `${round(width)}%`,
        title: plural(queue.counts[state], state, state),
      };
      x += width;
      return segment;
    });
    return {
      id: `queue-${queue.name}`,
      name: queue.name,
      href: `/monitor/queues/${encodeURIComponent(queue.name)}`,
      counts: TASK_STATES.map((state) => ({
        state,
        count: queue.counts[state],
        href: `${list}&state=${state}`,
      })),
      bar,
      open: openOf(queue),
      oldest: queue.oldestWaitingMs === null ? undefined : formatDuration(queue.oldestWaitingMs),
      late: (queue.oldestWaitingMs ?? 0) > LATE_MS,
      paused: queue.paused,
      workers: queue.workers,
    };
  });
}

export function toWorkerRow(worker: ShownWorker): WorkerRow {
  return {
    id: `worker-${worker.id}`,
    name: worker.name,
    href: `/monitor/workers/${encodeURIComponent(worker.id)}`,
    status: worker.status,
    icon: WORKER_ICONS[worker.status],
    online: worker.status !== 'offline',
    lastSeenAt: worker.lastSeenAt,
    active: worker.active,
    slots: slotsOf(worker),
  };
}

function toRedis(redis: RedisOverview): NowPanels['redis'] {
  const { usedMemoryBytes: used, peakMemoryBytes: peak, maxMemoryBytes: max } = redis;
  if (used === null || peak === null || max === null) {
    return [
      { name: 'Version', value: redis.version },
      { name: 'More', value: 'This Redis user lacks permission for INFO.' },
    ];
  }
  const limit = max > 0 ? ` of ${formatBytes(max)}` : '';
  return [
    { name: 'Version', value: redis.version },
    {
      name: 'Memory',
      value: `${formatBytes(used)}${limit}, peak ${formatBytes(peak)}`,
      warn: max > 0 && used > 0.9 * max,
    },
    { name: 'Clients', value: formatNumber(redis.clients ?? 0) },
    { name: 'Commands', value: `${formatNumber(redis.opsPerSecond ?? 0)} a second` },
    { name: 'Up for', value: formatDuration((redis.uptimeSeconds ?? 0) * 1_000) },
    {
      name: 'Append-only file',
      value: redis.aofEnabled ? (redis.aofOk ? 'on' : 'on, but failing') : 'off',
      warn: !redis.aofEnabled || !redis.aofOk,
    },
    {
      name: 'Eviction policy',
      value: redis.evictionPolicy,
      warn: !['noeviction', 'unknown'].includes(redis.evictionPolicy),
    },
  ];
}

function slotsOf(worker: ShownWorker): number {
  return worker.consumers.reduce((sum, consumer) => sum + consumer.concurrency, 0);
}

function openOf(queue: QueueOverview): number {
  return OPEN.reduce((sum, state) => sum + queue.counts[state], 0);
}

/** Splits `1.24 s` into number and unit. Longer durations are not split. */
export function splitUnit(duration: string): { value: string; unit?: string } {
  const words = duration.split(' ');
  return words.length === 2 ? { value: words[0]!, unit: words[1] } : { value: duration };
}
