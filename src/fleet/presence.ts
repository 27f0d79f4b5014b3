import type { Redis } from 'ioredis';

/*
 * Presence: each worker writes who it is under a key that lives for LEASE_MS and renews it every BEAT_MS;
 * the set of all workers keeps when each was last seen, so that one that is gone stays listed for a while.
 *
 *   <prefix>:fleet             sorted set, worker id -> last seen, ms
 *   <prefix>:fleet:<id>        JSON of `WorkerRecord`, kept for FORGET_MS
 *   <prefix>:fleet:<id>:here   its lease
 */
export const BEAT_MS = 1_000;
export const LEASE_MS = 8_000;
const FORGET_MS = 3_600_000;

export interface WorkerRecord {
  id: string;
  name: string;
  host: string;
  pid: number;
  startedAt: number;
  lastSeenAt: number;
  consumers: { queue: string; concurrency: number; paused: boolean }[];
  /** Tasks it runs at this moment. */
  active: number;
  /** Why it left, where it could say so itself. */
  left?: string;
}

export interface SeenWorker extends WorkerRecord {
  online: boolean;
}

export async function announce(redis: Redis, prefix: string, worker: WorkerRecord): Promise<void> {
  const key = `${prefix}:fleet:${worker.id}`;
  await redis
    .multi()
    .zadd(`${prefix}:fleet`, worker.lastSeenAt, worker.id)
    .set(key, JSON.stringify(worker), 'PX', FORGET_MS)
    .set(`${key}:here`, '1', 'PX', LEASE_MS)
    .exec();
}

export async function leave(redis: Redis, prefix: string, worker: WorkerRecord): Promise<void> {
  const key = `${prefix}:fleet:${worker.id}`;
  await redis
    .multi()
    .set(key, JSON.stringify(worker), 'PX', FORGET_MS)
    .del(`${key}:here`)
    .exec();
}

/** All workers seen within the last hour, those that are here first, then by name. */
export async function listWorkers(redis: Redis, prefix: string, now: number = Date.now()): Promise<SeenWorker[]> {
  const set = `${prefix}:fleet`;
  const ids = await redis.zrevrangebyscore(set, '+inf', now - FORGET_MS, 'LIMIT', 0, 5000);
  if (ids.length === 0) return [];
  await redis.zremrangebyscore(set, '-inf', now - FORGET_MS);
  const keys = ids.flatMap((id) => [`${set}:${id}`, `${set}:${id}:here`]);
  const values = await redis.mget(...keys);
  const workers = ids.flatMap((_, i) => {
    const json = values[2 * i];
    return json ? [{ ...(JSON.parse(json) as WorkerRecord), online: values[2 * i + 1] !== null }] : [];
  });
  return workers.sort((a, b) => Number(b.online) - Number(a.online) || a.name.localeCompare(b.name));
}
