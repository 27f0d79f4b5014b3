import { TASK_STATES, type TaskState } from '../../model/states.js';
import type { QueueOverview } from '../../monitoring/monitoring.openapi.js';
import type { QueueView } from '../../queues/queues.openapi.js';
import { formatDuration, formatNumber } from '../kit/format.js';
import { formatRateLimit } from '../limits/limits-page.js';
import { LATE_MS, toQueueRows, type QueueRow } from '../monitor/monitor-page.js';
import { STATE_ICONS } from '../kit/states.js';

interface QueueLine {
  elementId: string;
  name: string;
  href: string;
  paused?: { words: string; until?: string };
  counts: { state: TaskState; count: number; href: string }[];
  /** Open states side by side, scaled to the fullest queue. */
  bar: QueueRow['bar'];
  oldest?: string;
  late: boolean;
  inPerMinute: string;
  outPerMinute: string;
  workers: number;
  slots: string;
  limits: string[];
}

export interface QueuesPage {
  states: { state: TaskState; icon: string }[];
  queues: QueueLine[];
}

export function toQueuesPage(queues: QueueView[]): QueuesPage {
  const bars = new Map(toQueueRows(queues.map(toOverview)).map(({ name, bar }) => [name, bar]));
  return {
    states: TASK_STATES.map((state) => ({ state, icon: STATE_ICONS[state] })),
    queues: queues.map((queue) => ({
      elementId: `queue-${queue.name}`,
      name: queue.name,
      href: toQueueHref(queue.name),
      paused: queue.paused ? { words: toPausedLabel(queue.paused), until: queue.paused.until } : undefined,
      counts: toCounts(queue),
      bar: bars.get(queue.name) ?? [],
      oldest: queue.oldestWaitingMs === null ? undefined : formatDuration(queue.oldestWaitingMs),
      late: (queue.oldestWaitingMs ?? 0) > LATE_MS,
      inPerMinute: formatPace(queue.inPerMinute),
      outPerMinute: formatPace(queue.outPerMinute),
      workers: queue.workers,
      slots: `${formatNumber(queue.slots.used)}/${formatNumber(queue.slots.total)}`,
      limits: toLimitChips(queue),
    })),
  };
}

export function toQueueHref(name: string): string {
  return `/monitor/queues/${encodeURIComponent(name)}`;
}

export function toCounts({ name, counts }: QueueView) {
  return TASK_STATES.map((state) => ({
    state,
    count: counts[state],
    href: `/tasks?${new URLSearchParams({ queue: name, state })}`,
  }));
}

/** Formats the tasks per minute; a dash if the observation is too short. */
export function formatPace(perMinute: number | null): string {
  return perMinute === null ? '–' : formatNumber(perMinute);
}

export function toPausedLabel({ by, reason }: { by?: string; reason?: string }): string {
  return `paused${by ? ` by ${by}` : ''}${reason ? `: ${reason}` : ''}`;
}

function toOverview({ name, counts, oldestWaitingMs, paused, workers }: QueueView): QueueOverview {
  return { name, counts, oldestWaitingMs, paused: paused !== null, workers };
}

function toLimitChips({ globalConcurrency, rateLimit }: QueueView): string[] {
  return [
    ...(globalConcurrency.value === null ? [] : [`${formatNumber(globalConcurrency.value)} at once`]),
    ...(rateLimit ? [formatRateLimit(rateLimit)] : []),
  ];
}
