import { readFileSync } from 'node:fs';
import type { RedisOptions } from 'ioredis';
import type { Settings } from '../config/settings.js';

/** Where Redis is, and by which certificates the two ends know each other. */
export type RedisAddress = Pick<Settings, 'REDIS_URL' | 'REDIS_TLS_CA' | 'REDIS_TLS_CERT' | 'REDIS_TLS_KEY'>;

/** Without the rest of the settings, as it is handed to a thread. */
export function redisAddress(settings: RedisAddress): RedisAddress {
  const { REDIS_URL, REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY } = settings;
  return { REDIS_URL, REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY };
}

/** Settings about Redis that are right in themselves and lead nowhere: starting again cannot help. */
export class RedisRefusedError extends Error {
  override name = 'RedisRefusedError';
}

/** Nothing where REDIS_URL is plain. @throws RedisRefusedError where a file is not there. */
export function tlsOptions(address: RedisAddress): Pick<RedisOptions, 'tls'> {
  if (!address.REDIS_URL.startsWith('rediss://')) return {};
  const ca = contentOf(address, 'REDIS_TLS_CA');
  const cert = contentOf(address, 'REDIS_TLS_CERT');
  const key = contentOf(address, 'REDIS_TLS_KEY');
  return { tls: { ...(ca ? { ca } : {}), ...(cert && key ? { cert, key } : {}) } };
}

/** What is wrong with them together. */
export function tlsProblem(address: RedisAddress): string | undefined {
  const { REDIS_URL, REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY } = address;
  const isPlain = !REDIS_URL.startsWith('rediss://');
  if (isPlain && (REDIS_TLS_CA || REDIS_TLS_CERT || REDIS_TLS_KEY))
    return 'REDIS_TLS_* is set, but REDIS_URL begins with redis://, which is not encrypted: write rediss://';
  if (Boolean(REDIS_TLS_CERT) !== Boolean(REDIS_TLS_KEY))
    return 'REDIS_TLS_CERT and REDIS_TLS_KEY belong together: set both, or neither';
  return undefined;
}

function contentOf(
  address: RedisAddress,
  name: 'REDIS_TLS_CA' | 'REDIS_TLS_CERT' | 'REDIS_TLS_KEY',
): string | undefined {
  if (!address[name]) return undefined;
  try {
    return readFileSync(address[name], 'utf8');
  } catch (error) {
    throw new RedisRefusedError(
      `${name} cannot be read: ${address[name]} (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}
