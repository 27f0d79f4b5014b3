import type { WorkerDetail } from '../../../../src/workers/workers.openapi.js';
import type { TypeLimits } from '../../../../src/limits/limits.openapi.js';
import type { QueueDetail } from '../../../../src/queues/queues.openapi.js';
import { ago } from './samples.js';

export function sampleWorker(parts: Partial<WorkerDetail> = {}): WorkerDetail {
  const consumers = parts.consumers ?? [
    { queue: 'default', concurrency: 10, active: 4, paused: false, autoscale: null },
  ];
  return {
    id: 'w1',
    name: 'alpha',
    host: 'host-a',
    pid: 100,
    status: 'online',
    startedAt: ago(60_000),
    lastSeenAt: ago(500),
    clockAheadMs: 0,
    consumers,
    active: consumers.reduce((sum, { active }) => sum + active, 0),
    slots: consumers.reduce((sum, { concurrency }) => sum + concurrency, 0),
    totals: { completed: 10, failed: 2, retried: 3, cancelled: 1 },
    load: {
      cpuPercent: 20,
      rssBytes: 100e6,
      heapUsedBytes: 50e6,
      heapLimitBytes: 4e9,
      lagMs: 2,
      busyPercent: 10,
      loadAverage: [1, 0.5, 0.25],
    },
    versions: { roost: '0.2.0', node: '20.19.0', bullmq: '6.7.0' },
    paused: null,
    args: ['worker.js'],
    settings: { REDIS_URL: 'redis://roost:***@redis:6379', QUEUE_PREFIX: 'roost', LOG_LEVEL: 'info' },
    taskTypes: [
      { name: 'divide', queue: 'default', isolated: false },
      { name: 'count-primes', queue: 'cpu', isolated: true },
    ],
    running: [],
    byType: {},
    children: [],
    ...parts,
  };
}

export function sampleQueue(parts: Partial<QueueDetail> = {}): QueueDetail {
  return {
    name: 'default',
    counts: {
      waiting: 12,
      delayed: 3,
      'waiting-children': 0,
      active: 4,
      completed: 1_000,
      failed: 5,
      cancelled: 0,
      expired: 0,
    },
    oldestWaitingMs: 8_200,
    inPerMinute: 10,
    outPerMinute: 22,
    paused: null,
    workers: 1,
    consumers: [{ workerId: 'w1', worker: 'alpha', concurrency: 10, active: 4, paused: false }],
    slots: { used: 4, total: 10 },
    globalConcurrency: { value: null, origin: 'default' },
    rateLimit: null,
    composition: {
      sampled: 12,
      of: 12,
      types: [
        { type: 'divide', count: 9 },
        { type: 'process-text', count: 3 },
      ],
    },
    warnings: [],
    actions: [],
    ...parts,
  };
}

export function sampleTypeLimits(parts: Partial<TypeLimits> = {}): TypeLimits {
  return {
    type: 'divide',
    title: 'Divide',
    queue: 'default',
    softTimeoutMs: { value: 30_000, origin: 'default' },
    hardTimeoutMs: { value: null, origin: 'default' },
    rate: { value: { max: 10, perMs: 60_000 }, origin: 'override' },
    concurrency: { value: null, origin: 'default' },
    override: { by: 'api', since: ago(60_000), reason: 'slow database' },
    slotsTaken: 0,
    held: 2,
    ...parts,
  };
}
