import type { Redis } from 'ioredis';

/** What INFO and CONFIG tell of the Redis underneath. */
export interface RedisOverview {
  version: string;
  usedMemoryBytes: number;
  peakMemoryBytes: number;
  /** 0: no limit. */
  maxMemoryBytes: number;
  clients: number;
  uptimeSeconds: number;
  opsPerSecond: number;
  aofEnabled: boolean;
  /** The last AOF write, as Redis judges it. */
  aofOk: boolean;
  /** `unknown` where neither INFO nor CONFIG tells. */
  evictionPolicy: string;
}

export async function readRedisOverview(redis: Redis): Promise<RedisOverview> {
  const info = parseInfo(await redis.info());
  const number = (name: string) => Number(info.get(name) ?? 0);
  return {
    version: info.get('redis_version') ?? '',
    usedMemoryBytes: number('used_memory'),
    peakMemoryBytes: number('used_memory_peak'),
    maxMemoryBytes: number('maxmemory'),
    clients: number('connected_clients'),
    uptimeSeconds: number('uptime_in_seconds'),
    opsPerSecond: number('instantaneous_ops_per_sec'),
    aofEnabled: info.get('aof_enabled') === '1',
    aofOk: (info.get('aof_last_write_status') ?? 'ok') === 'ok',
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
