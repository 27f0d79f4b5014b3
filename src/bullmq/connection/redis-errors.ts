import type { ChainableCommander, Redis } from 'ioredis';
import { RoostError, type ErrorCode } from '../../model/errors.js';
import { unavailableSince, connectionRefusal } from './redis-connections.js';
import { findRefusal, formatRefusal, type Refusal } from './redis-refusals.js';

const UNAVAILABLE_PATTERN =
  /Command timed out|Command aborted|Connection is closed|Stream isn't writeable|max retries per request|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/;

/** Error codes that concern Redis as a whole: every other request fails in the same way. */
export const REDIS_CODES: ReadonlySet<ErrorCode> = new Set([
  ...(['REDIS_UNAVAILABLE', 'REDIS_REFUSED', 'REDIS_READ_ONLY', 'STORAGE_FULL'] as const),
]);

/** Converts an error that concerns Redis as a whole (unavailable, full, refusing); undefined for any other error. */
export function toStorageError(error: unknown): RoostError | undefined {
  if (!(error instanceof Error)) return undefined;
  const refusal = findRefusal(error);
  if (refusal) return refusedBy(refusal);
  const text = `${error.message} ${(error as NodeJS.ErrnoException).code ?? ''}`;
  return UNAVAILABLE_PATTERN.test(text) || error.name === 'MaxRetriesPerRequestError'
    ? redisUnavailable()
    : undefined;
}

/** Error for requests that need Redis while it does not answer or refuses the connection. */
export function redisUnavailable(redis?: Redis): RoostError {
  const refusal = redis && connectionRefusal(redis);
  if (refusal) return refusedBy(refusal);
  return new RoostError(
    'REDIS_UNAVAILABLE',
    'Redis does not answer, so the outcome is unknown: the request may or may not have taken effect. ' +
      'Repeat it with the same Idempotency-Key, as often as you like: the task is then accepted once at most.',
  );
}

function refusedBy(refusal: Refusal): RoostError {
  return new RoostError(refusal.code, formatRefusal(refusal, ', then send it again'));
}

const deniedAt = new WeakMap<Redis, { refusal: Refusal; at: number }>();

/** Last refusal by an ACL of a command on Roost's keys, with its time (ms). */
export function lastDenied(redis: Redis): { refusal: Refusal; at: number } | undefined {
  return deniedAt.get(redis);
}

/**
 * Runs work that needs Redis; fails at once while Redis is known to be unavailable.
 * @param keys owner of the keys: an ACL may forbid the keys of other programs without being wrong
 * @throws RoostError one of `REDIS_CODES` in place of Redis's own errors.
 */
export async function withRedis<T>(
  redis: Redis,
  work: () => Promise<T>,
  keys: 'ours' | 'others' = 'ours',
): Promise<T> {
  if (unavailableSince(redis) !== undefined) throw redisUnavailable(redis);
  try {
    return await work();
  } catch (error) {
    const refusal = findRefusal(error);
    if (refusal?.word === 'NOPERM' && keys === 'ours') deniedAt.set(redis, { refusal, at: Date.now() });
    throw toStorageError(error) ?? error;
  }
}

/** Runs a pipeline and returns the answers. @throws the first error of any command. */
export async function execAll<Answers extends unknown[]>(pipeline: ChainableCommander): Promise<Answers> {
  return ((await pipeline.exec()) ?? []).map(([error, answer]) => {
    if (error) throw error;
    return answer;
  }) as Answers;
}
