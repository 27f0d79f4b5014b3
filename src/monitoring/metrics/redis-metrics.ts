import { TASK_STATES } from '../../contract/states.js';
import type { SeenWorker } from '../../fleet/presence.js';
import type { QueueStats } from '../../queue/task-reader.js';
import type { RedisOverview } from '../redis-overview.js';
import { one, type Metric, type Sample } from './metric.js';
import type { MetricsSnapshot, RedisSnapshot } from './metrics-snapshot.js';

/** Worker names that are told apart; those online come first. */
const MAX_WORKERS = 200;
/** Task types told apart within one worker. */
const MAX_WORKER_TYPES = 50;
const OUTCOMES = ['completed', 'failed', 'retried', 'cancelled'] as const;

/** Read from Redis at each scrape; absent while it does not answer. */
export const REDIS_METRICS: readonly Metric<MetricsSnapshot>[] = [
  {
    name: 'roost_redis_up',
    type: 'gauge',
    help: '1 while Redis answers.',
    labels: [],
    read: ({ redis }) => one(redis ? 1 : 0),
  },
  ofRedis('roost_redis_memory_used_bytes', 'Memory Redis uses.', (redis) => redis.usedMemoryBytes),
  ofRedis('roost_redis_memory_max_bytes', 'Its limit; 0 for none.', (redis) => redis.maxMemoryBytes),
  ofRedis('roost_redis_clients', 'Connections to Redis.', (redis) => redis.clients),
  ofRedis(
    'roost_redis_aof_ok',
    '1 while a crash of Redis loses no task: its append-only file is on and could be written.',
    ({ aofEnabled, aofOk }) => (aofEnabled === null ? null : aofEnabled && aofOk ? 1 : 0),
  ),
  {
    name: 'roost_queue_tasks',
    type: 'gauge',
    help: 'Tasks in a queue by state; the settled states as far as Redis keeps them.',
    labels: ['queue', 'state'],
    read: ({ redis }) =>
      (redis?.queues ?? []).flatMap(({ name, counts }) =>
        TASK_STATES.map((state) => ({ value: counts[state], labels: { queue: name, state } })),
      ),
  },
  ofQueues(
    'roost_queue_oldest_waiting_seconds',
    'How long the task next in turn has been ready to run; 0 while none waits.',
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
        .filter(({ name }) => !name.includes(':'))
        .map(({ name }) => ({
          value: online(redis!).filter(({ consumers }) => consumers.some(({ queue }) => queue === name))
            .length,
          labels: { queue: name },
        })),
  },
  {
    name: 'roost_workers',
    type: 'gauge',
    help: 'Workers online.',
    labels: [],
    read: ({ redis }) => (redis ? one(online(redis).length) : []),
  },
  {
    name: 'roost_worker_online',
    type: 'gauge',
    help: '1 for a worker that is there, 0 for one that was within the last hour.',
    labels: ['worker'],
    read: ({ redis }) => perWorker(redis, (same) => (same.some((worker) => worker.online) ? 1 : 0), false),
  },
  ofWorkers('roost_worker_active_tasks', 'Tasks the worker is running.', ({ active }) => active),
  ofWorkers('roost_worker_slots', 'Tasks it could run at once.', ({ consumers }) =>
    consumers.reduce((sum, { concurrency }) => sum + concurrency, 0),
  ),
  {
    name: 'roost_worker_attempts_total',
    type: 'counter',
    help: 'Attempts a worker brought to an end since it started, by outcome; retried ones failed and were to run again.',
    labels: ['worker', 'type', 'outcome'],
    read: ({ redis }) => byName(redis, true).flatMap(([worker, same]) => attempts(worker, same)),
  },
  ofWorkers(
    'roost_worker_cpu_ratio',
    'Share of one core it uses; above 1 with several.',
    ({ load }) => load.cpuPercent / 100,
  ),
  ofWorkers('roost_worker_memory_bytes', 'Its resident memory.', ({ load }) => load.rssBytes),
  ofWorkers(
    'roost_worker_event_loop_delay_seconds',
    'How late its timers were in the last second.',
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
  value: (worker: SeenWorker) => number,
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
  value: (same: SeenWorker[]) => number,
  onlineOnly: boolean,
): Sample[] {
  return byName(redis, onlineOnly).map(([worker, same]) => ({ value: value(same), labels: { worker } }));
}

/** A worker that was started again has its name twice for a while: as one series. */
function byName(redis: RedisSnapshot | undefined, onlineOnly: boolean): [string, SeenWorker[]][] {
  const names = new Map<string, SeenWorker[]>();
  const seen = [...(redis?.workers ?? [])].sort((a, b) => Number(b.online) - Number(a.online));
  for (const worker of seen) {
    if (onlineOnly && !worker.online) continue;
    const same = names.get(worker.name);
    if (same) same.push(worker);
    else if (names.size < MAX_WORKERS) names.set(worker.name, [worker]);
  }
  return [...names].sort(([a], [b]) => (a < b ? -1 : 1));
}

function attempts(worker: string, same: SeenWorker[]): Sample[] {
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

function online({ workers }: RedisSnapshot): SeenWorker[] {
  return workers.filter((worker) => worker.online);
}
