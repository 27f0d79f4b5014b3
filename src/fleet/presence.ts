import type { Redis } from 'ioredis';
import { sharedNow } from '../contract/clock.js';
import type { LoadSample, WorkerRecord } from './worker-record.js';

/*
 * Presence: each worker writes who it is every BEAT_MS and renews a lease of LEASE_MS; a worker whose lease has run out is
 * gone, whatever any clock says. The set of all workers keeps when each was last seen, so that one that left stays listed.
 *
 *   <prefix>:fleet                sorted set, worker id -> last seen, ms
 *   <prefix>:fleet:<id>           JSON of `WorkerRecord`, kept for FORGET_MS
 *   <prefix>:fleet:<id>:here      its lease
 *   <prefix>:fleet:<id>:samples   list of `LoadSample`, newest first
 *
 * BullMQ's own Relay (experimental) was looked at for this: its nodes carry only a name and a heartbeat, and a message
 * waits in an inbox until its node comes back, which is just what a command must not do.
 */
export const BEAT_MS = 1_000;
export const LEASE_MS = 6_000;
export const FORGET_MS = 3_600_000;
/** Samples kept: two minutes of beats. */
const KEPT_SAMPLES = 120;

export interface SeenWorker extends WorkerRecord {
  online: boolean;
}

export async function announce(
  redis: Redis,
  prefix: string,
  worker: WorkerRecord,
  sample?: LoadSample,
): Promise<void> {
  const key = `${prefix}:fleet:${worker.id}`;
  const multi = redis
    .multi()
    .zadd(`${prefix}:fleet`, worker.lastSeenAt, worker.id)
    .set(key, JSON.stringify(worker), 'PX', FORGET_MS)
    .set(`${key}:here`, '1', 'PX', LEASE_MS);
  if (sample) {
    multi
      .lpush(`${key}:samples`, JSON.stringify(sample))
      .ltrim(`${key}:samples`, 0, KEPT_SAMPLES - 1)
      .pexpire(`${key}:samples`, FORGET_MS);
  }
  await multi.exec();
}

export async function leave(redis: Redis, prefix: string, worker: WorkerRecord): Promise<void> {
  const key = `${prefix}:fleet:${worker.id}`;
  await redis.multi().set(key, JSON.stringify(worker), 'PX', FORGET_MS).del(`${key}:here`).exec();
}

/** Takes a worker off the list; true if it was on it. */
export async function dismiss(redis: Redis, prefix: string, id: string): Promise<boolean> {
  const key = `${prefix}:fleet:${id}`;
  const [removed] = (await redis
    .multi()
    .zrem(`${prefix}:fleet`, id)
    .del(key, `${key}:here`, `${key}:samples`)
    .exec()) as [[null, number], unknown];
  return removed[1] === 1;
}

/** All workers seen within the last hour, those that are here first, then by name and start. */
export async function listWorkers(
  redis: Redis,
  prefix: string,
  now: number = sharedNow(),
): Promise<SeenWorker[]> {
  const set = `${prefix}:fleet`;
  const ids = await redis.zrevrangebyscore(set, '+inf', now - FORGET_MS, 'LIMIT', 0, 5000);
  if (ids.length === 0) return [];
  // A Redis that takes no writes (its disk is full) can be looked at all the same.
  await redis.zremrangebyscore(set, '-inf', now - FORGET_MS).catch(() => undefined);
  const values = await redis.mget(...ids.flatMap((id) => [`${set}:${id}`, `${set}:${id}:here`]));
  const workers = ids.flatMap((_, i) => {
    const worker = parse(values[2 * i]);
    return worker ? [{ ...worker, online: values[2 * i + 1] !== null }] : [];
  });
  return workers.sort(
    (a, b) =>
      Number(b.online) - Number(a.online) || a.name.localeCompare(b.name) || b.startedAt - a.startedAt,
  );
}

export async function findWorker(redis: Redis, prefix: string, id: string): Promise<SeenWorker | undefined> {
  const key = `${prefix}:fleet:${id}`;
  const [json, here] = await redis.mget(key, `${key}:here`);
  const worker = parse(json);
  return worker && { ...worker, online: here !== null };
}

/** Oldest first. */
export async function readSamples(redis: Redis, prefix: string, id: string): Promise<LoadSample[]> {
  const lines = await redis.lrange(`${prefix}:fleet:${id}:samples`, 0, -1);
  return lines.map((line) => JSON.parse(line) as LoadSample).reverse();
}

/** A record that cannot be read (another version's, a damaged key) is no worker to show. */
function parse(json: string | null | undefined): WorkerRecord | undefined {
  try {
    const worker = JSON.parse(json ?? 'null') as WorkerRecord | null;
    return worker && Array.isArray(worker.consumers) && worker.load ? worker : undefined;
  } catch {
    return undefined;
  }
}
