import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';
import { tlsOptions, type RedisAddress } from './redis-address.js';
import { whyRefused } from './redis-door.js';
import { mannered } from './redis-manners.js';

/** A lost Redis is looked for again after 100 ms, then a little later each time, at most every second. */
function retryStrategy(times: number): number {
  return Math.min(100 * times, 1000) + Math.floor(Math.random() * 50);
}

/**
 * For everything that somebody waits for: an answer or an error within a second, never a hang.
 * Not for blocking commands: the time limit would cut them off.
 */
const FAIL_FAST: RedisOptions = {
  maxRetriesPerRequest: 1,
  commandTimeout: 1000,
  connectTimeout: 2000,
  keepAlive: 5000,
  retryStrategy,
};

/** For workers and the event tail: they wait until Redis is back and go on where they were. */
const PATIENT: RedisOptions = {
  maxRetriesPerRequest: null,
  connectTimeout: 2000,
  keepAlive: 5000,
  retryStrategy,
};

const lostAt = new WeakMap<Redis, number>();

/** Since when (ms) a connection has had no Redis at its other end; undefined while it has, or has not tried yet. */
export function awaySince(redis: Redis): number | undefined {
  return lostAt.get(redis);
}

/** One line when Redis goes, one when it is back, however often the client tries in between. */
function reportOutages(redis: Redis, role: string, log: Logger): void {
  let code: string | undefined;
  let refusal: string | undefined;
  // Without a listener ioredis prints every failed attempt; what it failed with stands in the one line below.
  redis.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code ?? error.name;
    const said = whyRefused(error);
    if (!said || said === refusal) return;
    refusal = said;
    log.error({ role, code }, `Redis does not let Roost in: ${said} Trying again`);
  });
  redis.on('close', () => {
    if (lostAt.has(redis) || redis.status === 'end') return;
    lostAt.set(redis, Date.now());
    if (refusal) return;
    log.error({ role, ...(code ? { code } : {}) }, 'Redis does not answer; trying again');
  });
  redis.on('ready', () => {
    const since = lostAt.get(redis);
    lostAt.delete(redis);
    refusal = undefined;
    if (since !== undefined) log.info({ role, downMs: Date.now() - since }, 'Redis is back');
  });
}

function connect(address: RedisAddress, policy: RedisOptions, role: string, log: Logger): Redis {
  const options = { ...policy, ...tlsOptions(address), connectionName: `roost:${role}` };
  const redis = mannered(new Redis(address.REDIS_URL, options));
  reportOutages(redis, role, log);
  return redis;
}

export function failFastConnection(address: RedisAddress, role: string, log: Logger): Redis {
  return connect(address, FAIL_FAST, role, log);
}

export function patientConnection(address: RedisAddress, role: string, log: Logger): Redis {
  return connect(address, PATIENT, role, log);
}

/** Closes in order where Redis answers, at once where it does not: a stop never hangs on a lost Redis. */
export async function closeConnection(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') return redis.disconnect();
  await Promise.race([
    redis.quit().catch(() => undefined),
    new Promise((resolve) => setTimeout(resolve, 500).unref()),
  ]);
  redis.disconnect();
}
