import type { QueueOutlook } from '../../tasks/queue-outlooks.js';
import { formatDuration, formatNumber, plural } from '../kit/format.js';
import { waits } from './findings.js';
import { type ShownNow, toWorkerRow, type WorkerRow } from './monitor-page.js';

export interface CapacityQueue {
  id: string;
  name: string;
  href: string;
  paused: boolean;
  slots: string;
  /** Width of the used slots, percent; absent where that is not known. */
  used?: string;
  backlog: string;
  backlogHref?: string;
  /** Time to clear; absent while nothing waits. */
  clears?: string;
  basis?: string;
}

/** Queues and workers as what they can still take. */
export interface Capacity {
  queues: CapacityQueue[];
  workers: (WorkerRow & { title: string })[];
  /** Number of workers without a square. */
  more: number;
  online: number;
}

const MAX_SQUARES = 200;

export function toCapacity(present: ShownNow, outlooks: QueueOutlook[]): Capacity {
  const workers = present.workers.map(toWorkerRow);
  // Workers that left come last, so that squares of a large fleet are of workers that run.
  const sorted = [...workers].sort((a, b) => Number(b.online) - Number(a.online));
  return {
    queues: [
      ...outlooks.map((outlook) => toQueue(outlook, present)),
      ...present.otherQueues.map(toOtherQueue),
    ],
    workers: sorted.slice(0, MAX_SQUARES).map((worker) => ({
      ...worker,
      title: `${worker.name}: ${worker.status}${worker.online ? `, ${worker.active} of ${plural(worker.slots, 'slot')} in use` : ''}`,
    })),
    more: Math.max(0, sorted.length - MAX_SQUARES),
    online: workers.filter(({ online }) => online).length,
  };
}

function toQueue({ queue, slots, clears }: QueueOutlook, present: ShownNow): CapacityQueue {
  const { counts, paused } = present.queues.find(({ name }) => name === queue)!;
  const used = Math.min(slots.used, slots.total);
  return {
    id: `capacity-${queue}`,
    name: queue,
    href: `/monitor/queues/${encodeURIComponent(queue)}`,
    paused,
    slots: slots.total === 0 ? 'no slots' : `${formatNumber(used)} of ${plural(slots.total, 'slot')}`,
    used: `${slots.total === 0 ? 0 : Math.round((used / slots.total) * 100)}%`,
    backlog: waits(counts.waiting),
    ...(counts.waiting > 0
      ? {
          backlogHref: `/tasks?state=waiting&queue=${encodeURIComponent(queue)}`,
          clears: clears.startInMs === null ? 'not known' : `about ${formatDuration(clears.startInMs)}`,
          basis: clears.basis,
        }
      : {}),
  };
}

/** The workers of another program are not visible. */
function toOtherQueue({ name, counts, paused }: ShownNow['otherQueues'][number]): CapacityQueue {
  return {
    id: `capacity-${name}`,
    name,
    href: `/tasks?queue=${encodeURIComponent(name)}`,
    paused,
    slots: 'of another program',
    backlog: waits(counts.waiting),
  };
}
