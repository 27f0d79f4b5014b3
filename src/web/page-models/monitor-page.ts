import { TASK_STATES, type TaskState } from '../../contract/states.js';
import type {
  MonitorOverview,
  QueueOverview,
  RedisOverview,
  WorkerView,
} from '../../monitoring/monitoring.service.js';
import { toCommand } from './banner.js';
import { formatBytes, formatDuration, formatNumber, formatPercent, plural } from './format.js';
import { inGroups, type MinuteChart, toMinuteChart, toSparkline } from './minute-chart.js';
import { STATE_ICONS } from './states.js';
import { type TaskRow, toTaskRow } from './task-row.js';
import { WORKER_ICONS } from './worker-words.js';

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
  /** The queue's own page. */
  href: string;
  counts: { state: TaskState; count: number; href: string }[];
  /** The open states side by side, to the scale of the fullest queue; percent. */
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
  /** `paused` and `draining` are there as well, but take nothing new. */
  status: string;
  icon: string;
  online: boolean;
  lastSeenAt: string;
  active: number;
  slots: number;
}

/** The part of a worker that these pages show. */
export type ShownWorker = Pick<WorkerView, 'id' | 'name' | 'status' | 'lastSeenAt' | 'active'> & {
  consumers: Pick<WorkerView['consumers'][number], 'concurrency'>[];
};

export type ShownOverview = Omit<MonitorOverview, 'workers'> & { workers: ShownWorker[] };

export interface MonitorPage {
  numbers: BigNumber[];
  queues: QueueRow[];
  states: { state: TaskState; icon: string }[];
  chart: MinuteChart;
  completed: number;
  failed: number;
  workers: WorkerRow[];
  online: number;
  redis: { name: string; value: string; warn?: boolean }[];
  failures: TaskRow[];
  /** Starts a worker here; known while a queue has none. */
  workerCommand?: string;
}

const OPEN: readonly TaskState[] = ['active', 'waiting', 'delayed'];

/** A task that has waited this long shows as late. */
export const LATE_MS = 60_000;

export function toMonitorPage(overview: ShownOverview): MonitorPage {
  const workers = overview.workers.map(toWorkerRow);
  return {
    numbers: toNumbers(overview),
    queues: toQueueRows(overview.queues),
    states: TASK_STATES.map((state) => ({ state, icon: STATE_ICONS[state] })),
    chart: toMinuteChart(overview.lastHour.minutes),
    completed: overview.lastHour.completed,
    failed: overview.lastHour.failed,
    workers,
    online: workers.filter((worker) => worker.online).length,
    redis: toRedis(overview.redis),
    failures: overview.newestFailures.map((task) => toTaskRow(task, '/monitor')),
    workerCommand: toCommand(overview.warnings.find(({ code }) => code === 'NO_WORKER')),
  };
}

function toNumbers(overview: ShownOverview): BigNumber[] {
  const { totals, lastHour, workers } = overview;
  const finished = lastHour.completed + lastHour.failed;
  const oldestMs = Math.max(-1, ...overview.queues.map((queue) => queue.oldestWaitingMs ?? -1));
  const online = workers.filter((worker) => worker.status !== 'offline');
  const slots = online.reduce((sum, worker) => sum + slotsOf(worker), 0);
  const active = online.reduce((sum, worker) => sum + worker.active, 0);
  const finishedPerMinute = lastHour.minutes.map((one) => one.completed + one.failed);
  const failedPerMinute = lastHour.minutes.map((one) => one.failed);
  return [
    {
      id: 'number-throughput',
      label: 'Finished in the last hour',
      value: formatNumber(finished),
      note: `${formatNumber(Number((finished / 60).toFixed(1)))} a minute`,
      href: '/tasks?state=completed',
      spark: finished > 0 ? toSparkline(inGroups(finishedPerMinute, 3)) : undefined,
    },
    {
      id: 'number-failures',
      label: 'Failed of these',
      value: formatPercent(lastHour.failed, finished).replace(' %', ''),
      unit: '%',
      note: plural(lastHour.failed, 'task'),
      href: '/tasks?state=failed',
      spark: lastHour.failed > 0 ? toSparkline(inGroups(failedPerMinute, 3)) : undefined,
      tone: lastHour.failed > 0 ? 'failed' : undefined,
    },
    {
      id: 'number-waiting',
      label: 'Waiting',
      value: formatNumber(totals.waiting),
      note: `${formatNumber(totals.delayed)} delayed`,
      href: '/tasks?state=waiting',
    },
    {
      id: 'number-oldest',
      label: 'Oldest waiting',
      ...(oldestMs < 0
        ? { value: '–', note: 'nothing waits' }
        : { ...split(formatDuration(oldestMs)), note: 'since it was ready' }),
      href: '/tasks?state=waiting',
      tone: oldestMs > LATE_MS ? 'warning' : undefined,
    },
    {
      id: 'number-active',
      label: 'Active',
      value: formatNumber(totals.active),
      note: slots > 0 ? `${formatNumber(active)} of ${plural(slots, 'slot')} in use` : 'no slots',
      href: '/tasks?state=active',
    },
    {
      id: 'number-workers',
      label: 'Workers online',
      value: formatNumber(online.length),
      note: online.length === workers.length ? 'all that were seen' : `of ${workers.length} seen`,
      href: '/monitor/workers',
      tone: online.length === 0 ? 'warning' : undefined,
    },
  ];
}

export function toQueueRows(queues: QueueOverview[]): QueueRow[] {
  const fullest = Math.max(1, ...queues.map((queue) => openOf(queue)));
  return queues.map((queue) => {
    const list = `/tasks?queue=${encodeURIComponent(queue.name)}`;
    let x = 0;
    const bar = OPEN.filter((state) => queue.counts[state] > 0).map((state) => {
      // So that one task among thousands can still be seen.
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

function toRedis(redis: RedisOverview): MonitorPage['redis'] {
  const limit = redis.maxMemoryBytes > 0 ? ` of ${formatBytes(redis.maxMemoryBytes)}` : '';
  return [
    { name: 'Version', value: redis.version },
    {
      name: 'Memory',
      value: `${formatBytes(redis.usedMemoryBytes)}${limit}, peak ${formatBytes(redis.peakMemoryBytes)}`,
      warn: redis.maxMemoryBytes > 0 && redis.usedMemoryBytes > 0.9 * redis.maxMemoryBytes,
    },
    { name: 'Clients', value: formatNumber(redis.clients) },
    { name: 'Commands', value: `${formatNumber(redis.opsPerSecond)} a second` },
    { name: 'Up for', value: formatDuration(redis.uptimeSeconds * 1_000) },
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

/** `1.24 s` as a number and its unit; longer durations stay whole. */
function split(duration: string): { value: string; unit?: string } {
  const words = duration.split(' ');
  return words.length === 2 ? { value: words[0]!, unit: words[1] } : { value: duration };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
