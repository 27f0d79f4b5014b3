import type { StateCounts } from '../model/states.js';
import type { WorkerView } from '../workers/workers.openapi.js';
import type { Warning } from '../monitoring/monitoring.openapi.js';
import type { ControlAction, ControlRecord, QueueFlow, QueueHold } from '../bullmq/queue-control.js';
import type { QueueAction, QueueConsumer, QueueView, SetBy } from './queues.openapi.js';

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
