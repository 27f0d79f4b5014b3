import type { Redis } from 'ioredis';
import { isInfoForbidden } from '../bullmq/patches/redis-client-patches.js';
import type { RedisOverview } from './monitoring.openapi.js';

export async function readRedisOverview(redis: Redis): Promise<RedisOverview> {
  const info = parseInfo(await redis.info());
  const isAllowed = !isInfoForbidden(info);
  const number = (name: string) => (isAllowed ? Number(info.get(name) ?? 0) : null);
  return {
    version: info.get('redis_version') ?? '',
    usedMemoryBytes: number('used_memory'),
    peakMemoryBytes: number('used_memory_peak'),
    maxMemoryBytes: number('maxmemory'),
    clients: number('connected_clients'),
    uptimeSeconds: number('uptime_in_seconds'),
    opsPerSecond: number('instantaneous_ops_per_sec'),
    aofEnabled: isAllowed ? info.get('aof_enabled') === '1' : null,
    aofOk: isAllowed ? (info.get('aof_last_write_status') ?? 'ok') === 'ok' : null,
    evictionPolicy: info.get('maxmemory_policy') ?? 'unknown',
  };
}

/** Parses the `name:value` lines of INFO. */
export function parseInfo(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) values.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return values;
}
