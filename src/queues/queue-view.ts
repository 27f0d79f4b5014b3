import type { StateCounts } from '../model/states.js';
import type { WorkerView } from '../workers/workers.service.js';
import type { Warning } from '../monitoring/warnings.js';
import type { ControlAction, ControlRecord, QueueFlow, QueueHold } from '../bullmq/queue-control.js';

/** Author, time, reason and end of a setting; empty if another program made it. Times are ISO 8601 in UTC. */
export interface SetBy {
  by?: string;
  since?: string;
  reason?: string;
  until?: string;
}

/** Queue with its pause, limits and workers, as REST and its page show it. */
export interface QueueView {
  name: string;
  counts: StateCounts;
  /** Time that the oldest waiting task has been ready to run, ms; null if no task waits. */
  oldestWaitingMs: number | null;
  /** Tasks per minute over the last minute; null in the first seconds after the first start. */
  inPerMinute: number | null;
  outPerMinute: number | null;
  paused: SetBy | null;
  /** Online workers that serve it. */
  workers: number;
  consumers: QueueConsumer[];
  slots: { used: number; total: number };
  /** Tasks that may run at once, all workers together; null for no limit. */
  globalConcurrency: { value: number | null; origin: 'default' | 'override' } & SetBy;
  /** Starts per time, all workers together. `waitMs`: time until the next start, 0 for now. */
  rateLimit: ({ max: number; perMs: number; waitMs: number } & SetBy) | null;
  /** Types of the next `sampled` tasks, out of `of` waiting tasks. */
  composition: { sampled: number; of: number; types: { type: string; count: number }[] };
  warnings: Warning[];
}

/** Queue with the latest control actions on it, newest first. */
export interface QueueDetail extends QueueView {
  actions: QueueAction[];
}

export interface QueueAction {
  action: string;
  at: string;
  by: string;
  reason?: string;
  until?: string;
  /** New value; absent if a limit was lifted. */
  value?: number;
  max?: number;
  perMs?: number;
  /** Number of changed tasks. */
  done?: number;
}

export interface QueueConsumer {
  workerId: string;
  worker: string;
  concurrency: number;
  active: number;
  paused: boolean;
}

export interface QueueFacts {
  name: string;
  counts: StateCounts;
  oldestWaitingSince: number | null;
  hold: QueueHold;
  flow: QueueFlow | undefined;
  workers: WorkerView[];
  /** True if online workers may be missing because heartbeats were not written. */
  workersUnknown?: boolean;
  sample: string[];
  now: number;
}

export function toQueueView(facts: QueueFacts): QueueView {
  const { name, counts, oldestWaitingSince, hold, flow, sample, now } = facts;
  const consumers = consumersOf(name, facts.workers);
  const { paused, concurrency, rateLimit } = hold;
  return {
    name,
    counts,
    oldestWaitingMs: oldestWaitingSince === null ? null : Math.max(0, now - oldestWaitingSince),
    inPerMinute: flow ? perMinute(flow.in, flow.overMs) : null,
    outPerMinute: flow ? perMinute(flow.out, flow.overMs) : null,
    paused: paused && toSetBy(paused),
    workers: new Set(consumers.map(({ workerId }) => workerId)).size,
    consumers,
    slots: {
      used: consumers.reduce((sum, { active }) => sum + active, 0),
      total: consumers.reduce((sum, one) => sum + one.concurrency, 0),
    },
    globalConcurrency: concurrency
      ? { value: concurrency.value, origin: 'override', ...toSetBy(concurrency) }
      : { value: null, origin: 'default' },
    rateLimit: rateLimit && {
      max: rateLimit.max,
      perMs: rateLimit.perMs,
      waitMs: rateLimit.waitMs,
      ...toSetBy(rateLimit),
    },
    composition: { sampled: sample.length, of: counts.waiting, types: tally(sample) },
    warnings: toQueueWarnings(facts, consumers, paused !== null),
  };
}

/** Warnings of a queue. A paused queue has none, because it needs no worker. */
function toQueueWarnings(
  { name, counts: { waiting }, workersUnknown }: QueueFacts,
  consumers: QueueConsumer[],
  paused: boolean,
): Warning[] {
  if (paused || (consumers.length === 0 && workersUnknown)) return [];
  const many = waiting > 0 ? `: ${waiting} ${waiting === 1 ? 'task waits' : 'tasks wait'}` : '';
  if (consumers.length === 0) {
    return [
      {
        code: 'NO_WORKER',
        message: `No worker serves the queue ${name}${many}.`,
        cure: 'Start one: npm run start:worker',
        href: `/tasks?state=waiting&queue=${name}`,
      },
    ];
  }
  if (consumers.every((one) => one.paused)) {
    return [
      {
        code: 'WORKERS_PAUSED',
        message: `Every worker that serves the queue ${name} is paused${many}.`,
        cure: 'Resume one of them.',
        href: '/monitor/workers',
      },
    ];
  }
  return [];
}

export function consumersOf(queue: string, workers: WorkerView[]): QueueConsumer[] {
  return workers
    .filter(({ status }) => status !== 'offline')
    .flatMap(({ id, name, consumers }) =>
      consumers
        .filter((consumer) => consumer.queue === queue)
        .map(({ concurrency, active, paused }) => ({
          workerId: id,
          worker: name,
          concurrency,
          active,
          paused,
        })),
    );
}

export function toAction({
  at,
  until,
  by = '',
  action,
  reason,
  value,
  max,
  perMs,
  done,
}: ControlAction): QueueAction {
  return {
    action,
    at: iso(at ?? 0),
    by,
    ...(reason ? { reason } : {}),
    ...(until === undefined ? {} : { until: iso(until) }),
    ...(value === undefined ? {} : { value }),
    ...(max === undefined ? {} : { max }),
    ...(perMs === undefined ? {} : { perMs }),
    ...(done === undefined ? {} : { done }),
  };
}

function toSetBy({ by, at, reason, until }: ControlRecord): SetBy {
  return {
    ...(by ? { by } : {}),
    ...(at === undefined ? {} : { since: iso(at) }),
    ...(reason ? { reason } : {}),
    ...(until === undefined ? {} : { until: iso(until) }),
  };
}

function perMinute(count: number, overMs: number): number {
  return Math.round((count * 600_000) / overMs) / 10;
}

/** Counts types, the most frequent first. */
function tally(types: string[]): { type: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts]
    .map(([type, count]) => ({ type, count }))
    .sort((a, b) => b.count - a.count || a.type.localeCompare(b.type));
}

function iso(ms: number): string {
  return new Date(Math.abs(ms) <= 8.64e15 ? ms : 0).toISOString();
}
