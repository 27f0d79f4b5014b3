import { readFileSync } from 'node:fs';
import type { RedisOptions } from 'ioredis';
import { parseRedisUrl } from '../../platform/config/redis-url.js';
import type { Settings } from '../../platform/config/settings.js';
import { StartupError } from '../../platform/startup-error.js';

/** Address of Redis and the certificates of both ends. */
export type RedisAddress = Pick<Settings, 'REDIS_URL' | 'REDIS_TLS_CA' | 'REDIS_TLS_CERT' | 'REDIS_TLS_KEY'>;

/** Address without the other settings, for a worker thread. */
export function redisAddress(settings: RedisAddress): RedisAddress {
  const { REDIS_URL, REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY } = settings;
  return { REDIS_URL, REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY };
}

/** Redis settings that are well-formed but cannot work; a restart does not help. */
export class RedisRefusedError extends StartupError {
  override name = 'RedisRefusedError';
}

/** Connection target, login and certificates. @throws RedisRefusedError if a file cannot be read. */
export function connectionOptions(address: RedisAddress): RedisOptions {
  const { tls: _, ...target } = parseRedisUrl(address.REDIS_URL);
  return { ...target, ...tlsOptions(address) };
}

/** TLS options; empty if REDIS_URL is not encrypted. @throws RedisRefusedError if a file cannot be read. */
export function tlsOptions(address: RedisAddress): Pick<RedisOptions, 'tls'> {
  if (!parseRedisUrl(address.REDIS_URL).tls) return {};
  const ca = readSettingFile(address, 'REDIS_TLS_CA');
  const cert = readSettingFile(address, 'REDIS_TLS_CERT');
  const key = readSettingFile(address, 'REDIS_TLS_KEY');
  return { tls: { ...(ca ? { ca } : {}), ...(cert && key ? { cert, key } : {}) } };
}

/** Describes a contradiction between the TLS settings; undefined if there is none. */
export function tlsProblem(address: RedisAddress): string | undefined {
  const { REDIS_URL, REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY } = address;
  const isPlain = !parseRedisUrl(REDIS_URL).tls;
  if (isPlain && (REDIS_TLS_CA || REDIS_TLS_CERT || REDIS_TLS_KEY))
    return 'REDIS_TLS_* is set, but REDIS_URL begins with redis://, which is not encrypted: write rediss://';
  if (Boolean(REDIS_TLS_CERT) !== Boolean(REDIS_TLS_KEY))
    return 'REDIS_TLS_CERT and REDIS_TLS_KEY belong together: set both, or neither';
  return undefined;
}

function readSettingFile(
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
