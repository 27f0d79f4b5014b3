import { TASK_STATES } from '../../model/states.js';
import type { KnownWorker } from '../../workers/presence.js';
import type { QueueStats } from '../../bullmq/queue-stats.js';
import type { RedisOverview } from '../monitoring.openapi.js';
import { one, type Metric, type Sample } from './metric.js';
import type { MetricsSnapshot, RedisSnapshot } from './metrics-snapshot.js';

/** Maximum number of workers with their own label; online ones come first. */
const MAX_WORKERS = 200;
/** Maximum number of task types with their own label per worker. */
const MAX_WORKER_TYPES = 50;
const OUTCOMES = ['completed', 'failed', 'retried', 'cancelled'] as const;

/** Metrics read from Redis on each scrape; missing while it does not answer. */
export const REDIS_METRICS: readonly Metric<MetricsSnapshot>[] = [
  {
    name: 'roost_redis_up',
    type: 'gauge',
    help: '1 while Redis answers.',
    labels: [],
    read: ({ redis }) => one(redis ? 1 : 0),
  },
  {
    name: 'roost_redis_writable',
    type: 'gauge',
    help: '1 while Redis accepts writes, 0 while it refuses them: a replica, too few replicas, no memory, a full disk.',
    labels: [],
    read: ({ redis }) => (redis?.writes === undefined ? [] : one(redis.writes === 'accepted' ? 1 : 0)),
  },
  ofRedis('roost_redis_memory_used_bytes', 'Memory Redis uses.', (redis) => redis.usedMemoryBytes),
  ofRedis(
    'roost_redis_memory_max_bytes',
    'Memory limit of Redis; 0 for none.',
    (redis) => redis.maxMemoryBytes,
  ),
  ofRedis('roost_redis_clients', 'Connections to Redis.', (redis) => redis.clients),
  ofRedis(
    'roost_redis_aof_ok',
    '1 while a crash of Redis loses no task: its append-only file is on and could be written.',
    ({ aofEnabled, aofOk }) => (aofEnabled === null ? null : aofEnabled && aofOk ? 1 : 0),
  ),
  {
    name: 'roost_queue_tasks',
    type: 'gauge',
    help: 'Tasks in a queue by state; finished states within the retention of Redis.',
    labels: ['queue', 'state'],
    read: ({ redis }) =>
      (redis?.queues ?? []).flatMap(({ name, counts }) =>
        TASK_STATES.map((state) => ({ value: counts[state], labels: { queue: name, state } })),
      ),
  },
  ofQueues(
    'roost_queue_oldest_waiting_seconds',
    'How long the next task has been ready to run; 0 while none waits.',
    (queue, now) =>
      queue.oldestWaitingSince === null ? 0 : Math.max(0, now - queue.oldestWaitingSince) / 1000,
  ),
  ofQueues('roost_queue_paused', '1 while the queue is paused.', ({ paused }) => (paused ? 1 : 0)),
  {
    name: 'roost_queue_workers',
    type: 'gauge',
    help: 'Workers online that serve a queue of Roost.',
    labels: ['queue'],
    read: ({ redis }) =>
      (redis?.queues ?? [])
        .filter(({ name }) => isSure(redis!) && !name.includes(':'))
        .map(({ name }) => ({
          value: online(redis!).filter(({ consumers }) => consumers.some(({ queue }) => queue === name))
            .length,
          labels: { queue: name },
        })),
  },
  {
    name: 'roost_workers',
    type: 'gauge',
    help: 'Workers online; absent while they are invisible because of a problem with Redis.',
    labels: [],
    read: ({ redis }) => (redis && isSure(redis) ? one(online(redis).length) : []),
  },
  {
    name: 'roost_worker_online',
    type: 'gauge',
    help: '1 for an online worker, 0 for one that was online within the last hour.',
    labels: ['worker'],
    read: ({ redis }) => perWorker(redis, (same) => (same.some((worker) => worker.online) ? 1 : 0), false),
  },
  ofWorkers('roost_worker_active_tasks', 'Tasks the worker is running.', ({ active }) => active),
  ofWorkers('roost_worker_slots', 'Tasks the worker can run at once.', ({ consumers }) =>
    consumers.reduce((sum, { concurrency }) => sum + concurrency, 0),
  ),
  {
    name: 'roost_worker_attempts_total',
    type: 'counter',
    help: 'Attempts that a worker ended since it started, by outcome; retried ones failed and run again.',
    labels: ['worker', 'type', 'outcome'],
    read: ({ redis }) => byName(redis, true).flatMap(([worker, same]) => attempts(worker, same)),
  },
  ofWorkers(
    'roost_worker_cpu_ratio',
    'CPU use as a share of one core; can be above 1.',
    ({ load }) => load.cpuPercent / 100,
  ),
  ofWorkers('roost_worker_memory_bytes', 'Resident memory of the worker.', ({ load }) => load.rssBytes),
  ofWorkers(
    'roost_worker_event_loop_delay_seconds',
    'Event-loop delay of the worker in the last second.',
    ({ load }) => load.lagMs / 1000,
  ),
];

function ofRedis(
  name: string,
  help: string,
  value: (redis: RedisOverview) => number | null,
): Metric<MetricsSnapshot> {
  return {
    name,
    type: 'gauge',
    help,
    labels: [],
    read: ({ redis }) => {
      const known = redis ? value(redis.overview) : null;
      return known === null ? [] : one(known);
    },
  };
}

function ofQueues(
  name: string,
  help: string,
  value: (queue: QueueStats, now: number) => number,
): Metric<MetricsSnapshot> {
  return {
    name,
    type: 'gauge',
    help,
    labels: ['queue'],
    read: ({ redis, now }) =>
      (redis?.queues ?? []).map((queue) => ({ value: value(queue, now), labels: { queue: queue.name } })),
  };
}

function ofWorkers(
  name: string,
  help: string,
  value: (worker: KnownWorker) => number,
): Metric<MetricsSnapshot> {
  return {
    name,
    type: 'gauge',
    help,
    labels: ['worker'],
    read: ({ redis }) =>
      perWorker(redis, (same) => same.reduce((sum, worker) => sum + value(worker), 0), true),
  };
}

function perWorker(
  redis: RedisSnapshot | undefined,
  value: (same: KnownWorker[]) => number,
  onlineOnly: boolean,
): Sample[] {
  return byName(redis, onlineOnly).map(([worker, same]) => ({ value: value(same), labels: { worker } }));
}

/** Groups workers by name: a restarted worker is listed twice for a while but must be one series. */
function byName(redis: RedisSnapshot | undefined, onlineOnly: boolean): [string, KnownWorker[]][] {
  const names = new Map<string, KnownWorker[]>();
  const seen = [...(redis?.workers ?? [])].sort((a, b) => Number(b.online) - Number(a.online));
  for (const worker of seen) {
    if (onlineOnly && !worker.online) continue;
    const same = names.get(worker.name);
    if (same) same.push(worker);
    else if (names.size < MAX_WORKERS) names.set(worker.name, [worker]);
  }
  return [...names].sort(([a], [b]) => (a < b ? -1 : 1));
}

function attempts(worker: string, same: KnownWorker[]): Sample[] {
  const types = [...new Set(same.flatMap(({ byType }) => Object.keys(byType ?? {})))].slice(
    0,
    MAX_WORKER_TYPES,
  );
  return types.flatMap((type) =>
    OUTCOMES.map((outcome) => ({
      value: same.reduce((sum, { byType }) => sum + (byType[type]?.[outcome] ?? 0), 0),
      labels: { worker, type, outcome },
    })),
  );
}

/** Returns whether the list of workers is reliable: an empty one is not while workers may be invisible. */
function isSure(redis: RedisSnapshot): boolean {
  return !redis.workersUnknown || online(redis).length > 0;
}

function online({ workers }: RedisSnapshot): KnownWorker[] {
  return workers.filter((worker) => worker.online);
}
