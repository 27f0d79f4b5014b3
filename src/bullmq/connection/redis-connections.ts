import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';
import { connectionOptions, type RedisAddress } from './redis-address.js';
import { explainRefusal } from './redis-preflight.js';
import { hasLeftReplica, hardenClient } from '../patches/redis-client-patches.js';
import { findRefusal, formatRefusal, toConnectionRefusal, type Refusal } from './redis-refusals.js';

/** Delay before a reconnect, ms: grows from 100 ms to 1 s, with jitter. */
function retryStrategy(times: number): number {
  return Math.min(100 * times, 1000) + Math.floor(Math.random() * 50);
}

/**
 * Options for commands with a waiting caller: an answer or an error within a second.
 * Not for blocking commands, which the timeout would abort.
 */
const FAIL_FAST: RedisOptions = {
  maxRetriesPerRequest: 1,
  commandTimeout: 1000,
  connectTimeout: 2000,
  keepAlive: 5000,
  retryStrategy,
};

/** Options for workers and the event tail: commands wait until Redis is back. */
const BLOCKING: RedisOptions = {
  maxRetriesPerRequest: null,
  connectTimeout: 2000,
  keepAlive: 5000,
  retryStrategy,
};

const lostAt = new WeakMap<Redis, number>();
const refusedBy = new WeakMap<Redis, Refusal>();

/** Start of the current outage of a connection (ms); undefined while it is connected or before its first attempt. */
export function unavailableSince(redis: Redis): number | undefined {
  return lostAt.get(redis);
}

/** Reason why a reachable Redis refuses the connection, such as a wrong password or loading. */
export function connectionRefusal(redis: Redis): Refusal | undefined {
  return refusedBy.get(redis);
}

/** Records a refusal that the ready check found and the connection does not report. */
export function setConnectionRefusal(redis: Redis, refusal: Refusal): void {
  refusedBy.set(redis, refusal);
}

/** Logs one line per outage and one per recovery, regardless of the number of attempts. */
function reportOutages(redis: Redis, role: string, log: Logger): void {
  let code: string | undefined;
  // Without a listener ioredis prints every failed attempt; the line below contains the error code.
  redis.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code ?? error.name;
    if (error.syscall === 'connect') refusedBy.delete(redis);
    const explanation = explainRefusal(error);
    const refusal = explanation ? toConnectionRefusal(explanation) : findRefusal(error);
    if (!refusal) return;
    const known = refusedBy.get(redis);
    refusedBy.set(redis, refusal);
    if (known?.cure === refusal.cure) return;
    log.error(
      { role, code },
      `${explanation ? `${refusal.what}: ${explanation}` : formatRefusal(refusal)} Trying again`,
    );
  });
  redis.on('close', () => {
    if (lostAt.has(redis) || redis.status === 'end' || hasLeftReplica(redis)) return;
    lostAt.set(redis, Date.now());
    if (refusedBy.has(redis)) return;
    log.error({ role, ...(code ? { code } : {}) }, 'Redis does not answer; trying again');
  });
  redis.on('ready', () => {
    const since = lostAt.get(redis);
    lostAt.delete(redis);
    refusedBy.delete(redis);
    if (since !== undefined) log.info({ role, downMs: Date.now() - since }, 'Redis is back');
  });
}

function connect(address: RedisAddress, policy: RedisOptions, role: string, log: Logger): Redis {
  const options = { ...policy, ...connectionOptions(address), connectionName: `roost:${role}` };
  const redis = hardenClient(new Redis(options));
  reportOutages(redis, role, log);
  return redis;
}

export function commandConnection(address: RedisAddress, role: string, log: Logger): Redis {
  return connect(address, FAIL_FAST, role, log);
}

export function blockingConnection(address: RedisAddress, role: string, log: Logger): Redis {
  return connect(address, BLOCKING, role, log);
}

/** Closes a connection gracefully if Redis answers within 500 ms, else at once: a shutdown never hangs on a lost Redis. */
export async function closeConnection(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') return redis.disconnect();
  let limit: NodeJS.Timeout | undefined;
  await Promise.race([
    redis.quit().catch(() => undefined),
    new Promise((resolve) => (limit = setTimeout(resolve, 500))),
  ]);
  clearTimeout(limit);
  redis.disconnect();
}
