import type { Redis } from 'ioredis';
import { RoostError } from '../contract/errors.js';
import { awaySince } from './redis-connections.js';

const AWAY =
  /Command timed out|Connection is closed|Stream isn't writeable|max retries per request|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|^LOADING|^MASTERDOWN|^READONLY|^BUSY |^TRYAGAIN|^CLUSTERDOWN|NOAUTH|WRONGPASS|NOPERM/;

/** An error of Redis in our words: away, full, or undefined where it is neither. */
export function toStorageError(error: unknown): RoostError | undefined {
  if (!(error instanceof Error)) return undefined;
  const text = `${error.message} ${(error as NodeJS.ErrnoException).code ?? ''}`;
  if (/\bOOM command not allowed/.test(text)) {
    return new RoostError(
      'STORAGE_FULL',
      'Redis has no memory left, so nothing new can be accepted. Raise its maxmemory or remove finished tasks, then send it again.',
    );
  }
  // It takes no write while its append-only file or its snapshot cannot be written.
  if (/\bMISCONF\b/.test(text)) {
    return new RoostError(
      'STORAGE_FULL',
      'Redis cannot write to its disk, so nothing new can be accepted. Make room on that disk (or look at its permissions), then send it again.',
    );
  }
  return AWAY.test(text) || error.name === 'MaxRetriesPerRequestError' ? redisAway() : undefined;
}

/** Said of every request that needs Redis while it does not answer. */
export function redisAway(): RoostError {
  return new RoostError(
    'REDIS_UNAVAILABLE',
    'Redis does not answer, so the outcome is unknown: the request may or may not have taken effect. ' +
      'Repeat it with the same Idempotency-Key, as often as you like: the task is then accepted once at most.',
  );
}

/**
 * Does what needs Redis, refusing at once while it is known to be away.
 * @throws RoostError REDIS_UNAVAILABLE or STORAGE_FULL in place of Redis's own errors.
 */
export async function withRedis<T>(redis: Redis, work: () => Promise<T>): Promise<T> {
  if (awaySince(redis) !== undefined) throw redisAway();
  try {
    return await work();
  } catch (error) {
    throw toStorageError(error) ?? error;
  }
}
