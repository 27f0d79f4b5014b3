import type { WorkerDetail } from '../../workers/workers.openapi.js';
import type { LoadSample, Totals } from '../../workers/worker-record.js';
import type { TypeLimits } from '../../limits/limits.openapi.js';
import { formatBytes, formatDuration, formatNumber, shortId } from '../kit/format.js';
import { SKEW_ALARM_MS } from '../../platform/clock.js';
import { type LimitRow, toLimitRow } from '../limits/limits-page.js';
import { type LoadChart, toLoadCharts } from './load-charts.js';
import { type RefusedForm, formErrorAt } from '../kit/form-error.js';
import { processedOf, runningLabel, toLoadLabel, toStatusReason, WORKER_ICONS } from './worker-labels.js';
import { toWorkerHref } from './workers-page.js';
import { idInPath } from '../../bullmq/task-ids.js';

export interface WorkerParts {
  worker: WorkerDetail;
  samples: LoadSample[];
  limits: TypeLimits[];
  /** Queues that the worker could serve. */
  queues: readonly string[];
}

interface Pair {
  name: string;
  value: string;
  warn?: boolean;
}

interface ConsumerRow {
  elementId: string;
  queue: string;
  href: string;
  concurrency: number;
  /** Text of the field: the current number, or the typed text that was refused. */
  typed: string;
  wrong: boolean;
  less?: number;
  more: number;
  active: number;
  used: number;
  paused: boolean;
  autoscale?: string;
  min: string;
  max: string;
  refusal?: RefusedForm;
  scaleRefusal?: RefusedForm;
}

interface RunningRow {
  elementId: string;
  href: string;
  type: string;
  short: string;
  queue: string;
  attempt: number;
  startedAt: string;
  isolated: boolean;
}

export interface WorkerPage {
  id: string;
  href: string;
  name: string;
  status: WorkerDetail['status'];
  icon: string;
  online: boolean;
  reason?: string;
  pausedAt?: string;
  startedAt: string;
  lastSeenAt: string;
  running: string;
  acts: { pause: boolean; resume: boolean; drain: boolean; commands: boolean };
  /** Refusal of a command to the whole worker, shown under the head. */
  refusal?: RefusedForm;
  charts: LoadChart[];
  consumers: ConsumerRow[];
  addable: string[];
  addRefusal?: RefusedForm;
  children: {
    elementId: string;
    pid: number;
    busy: boolean;
    task?: { href: string; short: string };
    tasksDone: number;
    memory: string;
  }[];
  runsIsolated: boolean;
  types: {
    elementId: string;
    type: string;
    href: string;
    processed: number;
    completed: number;
    failed: number;
    retried: number;
    cancelled: number;
  }[];
  totals: Totals & { processed: number };
  tasks: RunningRow[];
  active: number;
  /** Number of running tasks that are not listed. */
  untold: number;
  limits: LimitRow[];
  broker: Pair[];
  config: Pair[];
  system: Pair[];
}

/** Settings shown with the broker instead of the other settings. */
const BROKER_SETTINGS = ['REDIS_URL', 'QUEUE_PREFIX'];
const MAX_SLOTS = 1_000;

export function toWorkerPage(
  { worker, samples, limits, queues }: WorkerParts,
  refusal?: RefusedForm,
): WorkerPage {
  const { id, name, status, paused, consumers, totals, taskTypes } = worker;
  const online = status !== 'offline';
  const isolated = new Set(taskTypes.filter((type) => type.isolated).map((type) => type.name));
  const own = new Set(taskTypes.map((type) => type.name));
  return {
    id,
    href: toWorkerHref(id),
    name,
    status,
    icon: WORKER_ICONS[status],
    online,
    reason: toStatusReason(worker),
    pausedAt: online ? paused?.at : undefined,
    startedAt: worker.startedAt,
    lastSeenAt: worker.lastSeenAt,
    running: runningLabel(worker.active),
    acts: {
      commands: online && status !== 'unknown',
      pause: status === 'online',
      resume: status === 'paused',
      drain: online && status !== 'draining' && status !== 'unknown',
    },
    refusal: formErrorAt(refusal, 'head'),
    charts: toLoadCharts(samples, worker.slots),
    consumers: consumers.map((consumer) => toConsumerRow(consumer, refusal)),
    addable: queues.filter((queue) => !consumers.some((consumer) => consumer.queue === queue)),
    addRefusal: formErrorAt(refusal, 'add-consumer'),
    children: worker.children.map(({ pid, busy, taskId, tasksDone, rssMb }) => ({
      elementId: `child-${pid}`,
      pid,
      busy,
      task: taskId ? { href: taskHref(taskId), short: shortId(taskId) } : undefined,
      tasksDone,
      memory: formatBytes(rssMb * 1e6),
    })),
    runsIsolated: isolated.size > 0,
    types: Object.entries(worker.byType)
      .map(([type, counts]) => ({
        elementId: `type-${type}`,
        type,
        href: `/tasks?type=${encodeURIComponent(type)}`,
        processed: processedOf(counts),
        ...counts,
      }))
      .sort((a, b) => b.processed - a.processed || a.type.localeCompare(b.type)),
    totals: { ...totals, processed: processedOf(totals) },
    tasks: worker.running.map(({ id: task, type, queue, attempt, startedAt }) => ({
      elementId: `running-${task}`,
      href: taskHref(task),
      type,
      short: shortId(task),
      queue,
      attempt,
      startedAt,
      isolated: isolated.has(type),
    })),
    active: worker.active,
    untold: Math.max(0, worker.active - worker.running.length),
    limits: limits.filter(({ type }) => own.has(type)).map((one) => toLimitRow(one, isolated.has(one.type))),
    broker: toBroker(worker),
    config: Object.entries(worker.settings)
      .filter(([setting]) => !BROKER_SETTINGS.includes(setting))
      .map(([setting, value]) => ({ name: setting, value })),
    system: toSystem(worker),
  };
}

function toConsumerRow(
  consumer: WorkerDetail['consumers'][number],
  refusal: RefusedForm | undefined,
): ConsumerRow {
  const { queue, concurrency, active, paused, autoscale } = consumer;
  const own = formErrorAt(refusal, `consumer-${queue}`);
  const scale = formErrorAt(refusal, `autoscale-${queue}`);
  const typed = { ...own?.typed, ...scale?.typed };
  return {
    elementId: `consumer-${queue}`,
    queue,
    href: `/monitor/queues/${encodeURIComponent(queue)}`,
    concurrency,
    typed: typed.concurrency ?? String(concurrency),
    wrong: typed.concurrency !== undefined,
    less: concurrency > 1 ? concurrency - 1 : undefined,
    more: Math.min(MAX_SLOTS, concurrency + 1),
    active,
    used: concurrency === 0 ? 0 : Math.min(100, Math.round((active / concurrency) * 100)),
    paused,
    autoscale: autoscale ? `${autoscale.min} to ${autoscale.max}` : undefined,
    min: typed.min ?? String(autoscale?.min ?? 1),
    max: typed.max ?? String(autoscale?.max ?? Math.max(10, concurrency)),
    refusal: own,
    scaleRefusal: scale,
  };
}

/** Formats how a worker is connected. The worker itself masks the password in the address. */
function toBroker({ settings, consumers, versions }: WorkerDetail): Pair[] {
  return [
    { name: 'Address', value: settings.REDIS_URL ?? 'unknown' },
    { name: 'Key prefix', value: settings.QUEUE_PREFIX ?? 'unknown' },
    {
      name: 'Connections',
      value: `1 to report, 1 to receive commands, 1 shared by its consumers${consumers.length > 0 ? `, ${consumers.length} to wait for tasks` : ''}`,
    },
    { name: 'Client', value: `BullMQ ${versions.bullmq}` },
  ];
}

function toSystem(worker: WorkerDetail): Pair[] {
  const { host, pid, versions, args, load, startedAt, lastSeenAt, clockAheadMs } = worker;
  return [
    { name: 'Host', value: host },
    { name: 'Process', value: String(pid) },
    { name: 'Versions', value: `Roost ${versions.roost}, Node ${versions.node}` },
    ...(versions.app && versions.app !== versions.roost ? [{ name: 'Your code', value: versions.app }] : []),
    { name: 'Up for', value: formatDuration(Math.max(0, Date.parse(lastSeenAt) - Date.parse(startedAt))) },
    toClock(clockAheadMs),
    { name: 'Load 1, 5, 15 m', value: toLoadLabel(load.loadAverage) },
    { name: 'Event loop', value: `${formatNumber(load.busyPercent)} % busy` },
    { name: 'Heap', value: `${formatBytes(load.heapUsedBytes)} of ${formatBytes(load.heapLimitBytes)}` },
    { name: 'Started as', value: args.join(' ') || 'unknown' },
  ];
}

function toClock(aheadMs: number | null): Pair {
  if (aheadMs === null) return { name: 'Clock', value: 'not compared with Redis' };
  const size = Math.abs(aheadMs);
  if (size < 1_000) return { name: 'Clock', value: 'as that of Redis' };
  const value = `${formatDuration(size)} ${aheadMs > 0 ? 'ahead of' : 'behind'} Redis`;
  return { name: 'Clock', value, ...(size > SKEW_ALARM_MS ? { warn: true } : {}) };
}

function taskHref(id: string): string {
  return `/tasks/${idInPath(id)}`;
}
