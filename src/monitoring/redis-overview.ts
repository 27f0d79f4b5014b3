import type { Redis } from 'ioredis';
import { isNotTold } from '../queue/redis-manners.js';

/** What INFO tells of the Redis underneath; null and `unknown` where this user of Redis may not ask. */
export interface RedisOverview {
  version: string;
  usedMemoryBytes: number | null;
  peakMemoryBytes: number | null;
  /** 0: no limit. */
  maxMemoryBytes: number | null;
  clients: number | null;
  uptimeSeconds: number | null;
  opsPerSecond: number | null;
  aofEnabled: boolean | null;
  /** The last AOF write, as Redis judges it. */
  aofOk: boolean | null;
  evictionPolicy: string;
}

export async function readRedisOverview(redis: Redis): Promise<RedisOverview> {
  const info = parseInfo(await redis.info());
  const isTold = !isNotTold(info);
  const number = (name: string) => (isTold ? Number(info.get(name) ?? 0) : null);
  return {
    version: info.get('redis_version') ?? '',
    usedMemoryBytes: number('used_memory'),
    peakMemoryBytes: number('used_memory_peak'),
    maxMemoryBytes: number('maxmemory'),
    clients: number('connected_clients'),
    uptimeSeconds: number('uptime_in_seconds'),
    opsPerSecond: number('instantaneous_ops_per_sec'),
    aofEnabled: isTold ? info.get('aof_enabled') === '1' : null,
    aofOk: isTold ? (info.get('aof_last_write_status') ?? 'ok') === 'ok' : null,
    evictionPolicy: info.get('maxmemory_policy') ?? 'unknown',
  };
}

/** INFO's `name:value` lines. */
export function parseInfo(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) values.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return values;
}
