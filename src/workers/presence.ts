import type { Redis } from 'ioredis';
import type { LoadSample, WorkerRecord } from './worker-record.js';
import { workerKey, workersKey } from '../bullmq/keys.js';

/*
 * Presence: each worker writes its record every HEARTBEAT_MS and renews a lease of LEASE_MS. A worker without a lease is
 * offline, independent of clocks. The sorted set of workers stores when each was last seen, so that a worker that left
 * stays listed.
 *
 *   <prefix>:fleet                sorted set, worker id -> last seen, ms
 *   <prefix>:fleet:<id>           JSON of `WorkerRecord`, lives for RECORD_TTL_MS
 *   <prefix>:fleet:<id>:here      lease
 *   <prefix>:fleet:<id>:samples   list of `LoadSample`, newest first
 *
 * BullMQ's own Relay (experimental) does not fit: its nodes have only a name and a heartbeat, and a message waits in an
 * inbox until its node comes back, whereas a command must expire.
 */
export const HEARTBEAT_MS = 1_000;
export const LEASE_MS = 6_000;
export const RECORD_TTL_MS = 3_600_000;
/** Stored samples: two minutes of heartbeats. */
const MAX_SAMPLES = 120;

export interface KnownWorker extends WorkerRecord {
  online: boolean;
}

export async function announce(
  redis: Redis,
  prefix: string,
  worker: WorkerRecord,
  sample?: LoadSample,
): Promise<void> {
  const samples = workerKey(prefix, worker.id, 'samples');
  const multi = redis
    .multi()
    .zadd(workersKey(prefix), worker.lastSeenAt, worker.id)
    .set(workerKey(prefix, worker.id), JSON.stringify(worker), 'PX', RECORD_TTL_MS)
    .set(workerKey(prefix, worker.id, 'here'), '1', 'PX', LEASE_MS);
  if (sample) {
    multi
      .lpush(samples, JSON.stringify(sample))
      .ltrim(samples, 0, MAX_SAMPLES - 1)
      .pexpire(samples, RECORD_TTL_MS);
  }
  await multi.exec();
}

export async function leave(redis: Redis, prefix: string, worker: WorkerRecord): Promise<void> {
  const { id } = worker;
  await redis
    .multi()
    .set(workerKey(prefix, id), JSON.stringify(worker), 'PX', RECORD_TTL_MS)
    .del(workerKey(prefix, id, 'here'))
    .exec();
}

/** Removes a worker from the list; true if it was listed. */
export async function dismiss(redis: Redis, prefix: string, id: string): Promise<boolean> {
  const [removed] = (await redis
    .multi()
    .zrem(workersKey(prefix), id)
    .del(workerKey(prefix, id), workerKey(prefix, id, 'here'), workerKey(prefix, id, 'samples'))
    .exec()) as [[null, number], unknown];
  return removed[1] === 1;
}

/** Lists the workers seen within the last hour: online ones first, then by name and start time. */
export async function listWorkers(redis: Redis, prefix: string, now: number): Promise<KnownWorker[]> {
  const set = workersKey(prefix);
  const ids = await redis.zrevrangebyscore(set, '+inf', now - RECORD_TTL_MS, 'LIMIT', 0, 5000);
  if (ids.length === 0) return [];
  // The list must work while Redis rejects writes (its disk is full).
  await redis.zremrangebyscore(set, '-inf', now - RECORD_TTL_MS).catch(() => undefined);
  const values = await redis.mget(
    ...ids.flatMap((id) => [workerKey(prefix, id), workerKey(prefix, id, 'here')]),
  );
  const workers = ids.flatMap((_, i) => {
    const worker = parseRecord(values[2 * i]);
    return worker ? [{ ...worker, online: values[2 * i + 1] !== null }] : [];
  });
  return workers.sort(
    (a, b) =>
      Number(b.online) - Number(a.online) || a.name.localeCompare(b.name) || b.startedAt - a.startedAt,
  );
}

export async function findWorker(redis: Redis, prefix: string, id: string): Promise<KnownWorker | undefined> {
  const [json, here] = await redis.mget(workerKey(prefix, id), workerKey(prefix, id, 'here'));
  const worker = parseRecord(json);
  return worker && { ...worker, online: here !== null };
}

/** Reads the samples of a worker, oldest first. */
export async function readSamples(redis: Redis, prefix: string, id: string): Promise<LoadSample[]> {
  const lines = await redis.lrange(workerKey(prefix, id, 'samples'), 0, -1);
  return lines.map((line) => JSON.parse(line) as LoadSample).reverse();
}

/** Parses a worker's record; undefined for an unreadable one (another version, a damaged key). */
function parseRecord(json: string | null | undefined): WorkerRecord | undefined {
  try {
    const worker = JSON.parse(json ?? 'null') as WorkerRecord | null;
    return worker && Array.isArray(worker.consumers) && worker.load ? worker : undefined;
  } catch {
    return undefined;
  }
}
