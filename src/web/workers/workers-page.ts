import type { WorkerView } from '../../workers/workers.openapi.js';
import { formatNumber, plural } from '../kit/format.js';
import type { BigNumber } from '../monitor/monitor-page.js';
import {
  type Gauge,
  processedOf,
  toGauges,
  toLoadLabel,
  toStatusReason,
  WORKER_ICONS,
} from './worker-labels.js';

export interface WorkersQuery {
  /** Part of a name, a host or a queue. */
  q?: string;
  /** Sort column; a leading `-` means largest first. */
  sort?: string;
}

export interface FleetRow {
  elementId: string;
  id: string;
  href: string;
  name: string;
  host: string;
  pid: number;
  status: WorkerView['status'];
  icon: string;
  online: boolean;
  /** Reason of the pause or the exit. */
  reason?: string;
  consumers: { queue: string; concurrency: number; paused: boolean; autoscale?: string; href: string }[];
  active: number;
  slots: number;
  used: number;
  processed: number;
  failed: number;
  retried: number;
  cancelled: number;
  cpu: Gauge;
  memory: Gauge;
  lag: Gauge;
  load: string;
  startedAt: string;
  lastSeenAt: string;
}

interface Column {
  label: string;
  title?: string;
  num: boolean;
  /** Absent if there is nothing to sort by. */
  href?: string;
  /** Value of `aria-sort`. */
  order?: 'ascending' | 'descending';
}

export interface WorkersPage {
  numbers: BigNumber[];
  columns: Column[];
  here: FleetRow[];
  gone: FleetRow[];
  /** True if there is no worker at all, not even one that left. */
  none: boolean;
  count: string;
  q?: string;
  sort?: string;
  /** Address of this page without the search. */
  clearHref: string;
  /** Address of this page as requested: its actions return there. */
  self: string;
  workerCommand?: string;
}

type Value = (worker: WorkerView) => number | string;

const SORTS: Record<string, Value> = {
  name: ({ name }) => name.toLowerCase(),
  status: ({ status }) => status,
  active: ({ active }) => active,
  processed: ({ totals }) => processedOf(totals),
  failed: ({ totals }) => totals.failed,
  retried: ({ totals }) => totals.retried,
  cancelled: ({ totals }) => totals.cancelled,
  cpu: ({ load }) => load.cpuPercent,
  memory: ({ load }) => load.rssBytes,
  lag: ({ load }) => load.lagMs,
  load: ({ load }) => load.loadAverage[0] ?? 0,
  up: ({ startedAt }) => -Date.parse(startedAt),
};

const COLUMNS: { sort?: string; label: string; title?: string; num: boolean }[] = [
  { sort: 'name', label: 'Worker', num: false },
  { sort: 'status', label: 'Status', num: false },
  { label: 'Queues', title: 'Queues it serves, and how many tasks of each at once', num: false },
  { sort: 'active', label: 'Slots', title: 'Running tasks of all it could run at once', num: true },
  { sort: 'processed', label: 'Processed', title: 'Tasks it brought to an end since it started', num: true },
  { sort: 'failed', label: 'Failed', num: true },
  { sort: 'retried', label: 'Retried', title: 'Attempts that failed and are tried again', num: true },
  { sort: 'cancelled', label: 'Cancelled', num: true },
  { sort: 'cpu', label: 'CPU', title: 'Percent of one core', num: true },
  {
    sort: 'memory',
    label: 'Memory',
    title: 'Of the process; the bar is to the scale of the largest',
    num: true,
  },
  { sort: 'lag', label: 'Lag', title: 'How late the event loop is', num: true },
  { sort: 'load', label: 'Load', title: 'Of its machine, over 1, 5 and 15 minutes', num: true },
  { sort: 'up', label: 'Up', num: true },
];

/** Columns that sort A first. Numbers sort largest first. */
const ASCENDING_FIRST = ['name', 'status'];

export function toWorkersPage(
  workers: WorkerView[],
  asked: WorkersQuery,
  workerCommand?: string,
): WorkersPage {
  const query = { q: asked.q, sort: isSort(asked.sort) ? asked.sort : undefined };
  const found = workers.filter((worker) => matches(worker, query.q));
  const sorted = sortBy(found, query.sort);
  const mostMemory = Math.max(1, ...sorted.filter(isHere).map(({ load }) => load.rssBytes));
  const unknown = workers.filter(isUnknown).length;
  const online = workers.filter(isHere).length - unknown;
  return {
    numbers: toNumbers(workers),
    columns: toColumns(query),
    here: sorted.filter(isHere).map((worker) => toFleetRow(worker, mostMemory)),
    gone: sorted
      .filter((worker) => !isHere(worker))
      .sort((a, b) => Date.parse(b.lastSeenAt) - Date.parse(a.lastSeenAt))
      .map((worker) => toFleetRow(worker, mostMemory)),
    none: workers.length === 0,
    count: query.q
      ? `${formatNumber(found.length)} of ${formatNumber(workers.length)} match`
      : `${formatNumber(online)} online${unknown > 0 ? `, ${formatNumber(unknown)} not known` : ''}`,
    ...query,
    clearHref: toWorkersHref({ sort: query.sort }),
    self: toWorkersHref(query),
    workerCommand,
  };
}

export function toWorkersHref({ q, sort }: WorkersQuery): string {
  const params = new URLSearchParams();
  if (q) params.set('q', q);
  if (sort) params.set('sort', sort);
  return params.size > 0 ? `/monitor/workers?${params}` : '/monitor/workers';
}

export function toWorkerHref(id: string): string {
  return `/monitor/workers/${encodeURIComponent(id)}`;
}

function toNumbers(workers: WorkerView[]): BigNumber[] {
  const here = workers.filter(isHere);
  const sum = (of: (worker: WorkerView) => number, of_ = here) =>
    of_.reduce((total, one) => total + of(one), 0);
  const slots = sum((worker) => worker.slots);
  // Includes workers that left: their counts still happened.
  const failed = sum(({ totals }) => totals.failed, workers);
  const gone = workers.length - here.length;
  const unknown = workers.filter(isUnknown).length;
  return [
    {
      id: 'number-online',
      label: 'Online',
      value: formatNumber(here.length - unknown),
      note:
        workers.length === 0
          ? 'none was seen'
          : unknown > 0
            ? `of ${plural(unknown, 'worker')} it is not known`
            : gone === 0
              ? 'all that were seen'
              : `${formatNumber(gone)} left within the hour`,
      href: '/monitor/workers?sort=status',
      tone: here.length === 0 ? 'warning' : undefined,
    },
    {
      id: 'number-active',
      label: 'Active',
      value: formatNumber(sum(({ active }) => active)),
      note: slots === 0 ? 'no slots' : `of ${plural(slots, 'slot')}`,
      href: '/tasks?state=active',
    },
    {
      id: 'number-processed',
      label: 'Processed',
      value: formatNumber(sum(({ totals }) => processedOf(totals), workers)),
      note: 'since each of them started',
      href: '/tasks?state=completed',
    },
    {
      id: 'number-failed',
      label: 'Failed',
      value: formatNumber(failed),
      note: 'of these, for good',
      href: '/tasks?state=failed',
      tone: failed > 0 ? 'failed' : undefined,
    },
    {
      id: 'number-retried',
      label: 'Retried',
      value: formatNumber(sum(({ totals }) => totals.retried, workers)),
      note: 'attempts tried again',
      href: '/tasks?state=delayed',
    },
  ];
}

function toColumns({ q, sort = 'name' }: WorkersQuery): Column[] {
  const [current, down] = sort.startsWith('-') ? [sort.slice(1), true] : [sort, false];
  return COLUMNS.map(({ sort: name, label, title, num }) => {
    if (!name) return { label, title, num };
    const next = name === current ? !down : !ASCENDING_FIRST.includes(name);
    return {
      label,
      title,
      num,
      href: toWorkersHref({ q, sort: next ? `-${name}` : name }),
      order: name === current ? (down ? ('descending' as const) : ('ascending' as const)) : undefined,
    };
  });
}

function toFleetRow(worker: WorkerView, mostMemory: number): FleetRow {
  const { id, name, host, pid, status, consumers, active, slots, totals, load, startedAt, lastSeenAt } =
    worker;
  return {
    elementId: `worker-${id}`,
    id,
    href: toWorkerHref(id),
    name,
    host,
    pid,
    status,
    icon: WORKER_ICONS[status],
    online: isHere(worker),
    reason: toStatusReason(worker),
    consumers: consumers.map(({ queue, concurrency, paused, autoscale }) => ({
      queue,
      concurrency,
      paused,
      autoscale: autoscale ? `${autoscale.min} to ${autoscale.max}` : undefined,
      href: `/monitor/queues/${encodeURIComponent(queue)}`,
    })),
    active,
    slots,
    used: slots === 0 ? 0 : Math.min(100, Math.round((active / slots) * 100)),
    processed: processedOf(totals),
    failed: totals.failed,
    retried: totals.retried,
    cancelled: totals.cancelled,
    ...toGauges(load, mostMemory),
    load: toLoadLabel(load.loadAverage),
    startedAt,
    lastSeenAt,
  };
}

function sortBy(workers: WorkerView[], sort = 'name'): WorkerView[] {
  const down = sort.startsWith('-');
  const value = SORTS[down ? sort.slice(1) : sort]!;
  // Neighbours with equal values keep their order from one refresh to the next.
  const byName = (a: WorkerView, b: WorkerView) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id);
  return [...workers].sort((a, b) => (down ? -1 : 1) * compare(value(a), value(b)) || byName(a, b));
}

function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isSort(sort: string | undefined): boolean {
  return sort !== undefined && Object.hasOwn(SORTS, sort.replace(/^-/, ''));
}

function matches({ name, host, consumers }: WorkerView, q: string | undefined): boolean {
  const wanted = q?.toLowerCase();
  if (!wanted) return true;
  return [name, host, ...consumers.map(({ queue }) => queue)].some((text) =>
    text.toLowerCase().includes(wanted),
  );
}

function isHere({ status }: WorkerView): boolean {
  return status !== 'offline';
}

function isUnknown({ status }: WorkerView): boolean {
  return status === 'unknown';
}
