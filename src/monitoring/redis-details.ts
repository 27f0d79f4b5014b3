import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { TtlCache } from '../coordination/ttl-cache.js';
import { Settings } from '../platform/config/settings.js';
import { Queues } from '../bullmq/shared-queues.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { isInfoForbidden } from '../bullmq/patches/redis-client-patches.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { readQueueSize, type QueueSize } from './queue-size.js';
import { parseInfo } from './redis-overview.js';
import { readSlowLog, type SlowCall } from './slow-log.js';
import { queueBase } from '../bullmq/keys.js';

/** One part of the details, or the command that this Redis user may not use. */
export type Part<T> = { value: T } | { refused: string };

/** Fields of INFO. Sizes are bytes; times are seconds unless the name has another unit. */
export interface RedisInfo {
  version: string;
  mode: string;
  role: string;
  replicas: number;
  uptimeSeconds: number;
  memory: { used: number; peak: number; resident: number; limit: number; fragmentation: number };
  evictionPolicy: string;
  evictedKeys: number;
  clients: { connected: number; blocked: number; limit: number; rejected: number };
  opsPerSecond: number;
  aof: { enabled: boolean; ok: boolean; bytes?: number; rewriting: boolean };
  rdb: { lastSaveAt?: string; ok: boolean; changesSince: number };
  keys: number;
}

export interface RedisDetails {
  at: string;
  info: Part<RedisInfo>;
  slowLog: Part<{ calls: SlowCall[]; overMicros?: number }>;
  queues: Part<QueueSize[]>;
}

/** Maximum age of cached answers, ms, shared by all open pages. Sizes cost more and change slowly. */
const DETAILS_MAX_AGE_MS = 900;
const SIZES_MAX_AGE_MS = 15_000;

/** Reads details of the Redis server at bounded cost: at most about 150 constant-time commands. */
@Injectable()
export class RedisDetailsReader {
  private readonly info = new TtlCache<Part<RedisInfo>>(DETAILS_MAX_AGE_MS);
  private readonly slowLog = new TtlCache<RedisDetails['slowLog']>(DETAILS_MAX_AGE_MS);
  private readonly sizes = new TtlCache<Part<QueueSize[]>>(SIZES_MAX_AGE_MS);

  constructor(
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly queues: Queues,
    private readonly settings: Settings,
  ) {}

  /** @throws RoostError REDIS_UNAVAILABLE. A command that is not allowed only omits its part. */
  read(): Promise<RedisDetails> {
    return withRedis(this.redis, async () => {
      const [info, slowLog, queues] = await Promise.all([
        this.info.get('', () => this.readInfo()),
        this.slowLog.get('', () => allowed('SLOWLOG', () => this.readSlowLog())),
        this.sizes.get('', () => allowed('MEMORY', () => this.readSizes())),
      ]);
      return { at: new Date().toISOString(), info, slowLog, queues };
    });
  }

  private async readInfo(): Promise<Part<RedisInfo>> {
    const text = await this.redis.info();
    return isInfoForbidden(parseInfo(text)) ? { refused: 'INFO' } : { value: toRedisInfo(text) };
  }

  private async readSlowLog() {
    const calls = await readSlowLog(this.redis, this.settings.QUEUE_PREFIX);
    // Optional: the threshold is missing where CONFIG is not allowed.
    const threshold = await this.redis.config('GET', 'slowlog-log-slower-than').catch(() => undefined);
    const overMicros = Array.isArray(threshold) ? Number(threshold[1]) : undefined;
    return { calls, ...(overMicros === undefined || Number.isNaN(overMicros) ? {} : { overMicros }) };
  }

  /** Measures one queue after the other, so that other clients never wait long. */
  private async readSizes(): Promise<QueueSize[]> {
    const sizes: QueueSize[] = [];
    for (const name of this.queues.names()) {
      sizes.push(await readQueueSize(this.redis, queueBase(this.settings.QUEUE_PREFIX, name), name));
    }
    return sizes;
  }
}

export function toRedisInfo(text: string): RedisInfo {
  const info = parseInfo(text);
  const number = (name: string) => Number(info.get(name) ?? 0);
  const lastSave = number('rdb_last_save_time');
  return {
    version: info.get('redis_version') ?? 'unknown',
    mode: info.get('redis_mode') ?? 'standalone',
    role: info.get('role') ?? 'unknown',
    replicas: number('connected_slaves'),
    uptimeSeconds: number('uptime_in_seconds'),
    memory: {
      used: number('used_memory'),
      peak: number('used_memory_peak'),
      resident: number('used_memory_rss'),
      limit: number('maxmemory'),
      fragmentation: number('mem_fragmentation_ratio'),
    },
    evictionPolicy: info.get('maxmemory_policy') ?? 'unknown',
    evictedKeys: number('evicted_keys'),
    clients: {
      connected: number('connected_clients'),
      blocked: number('blocked_clients'),
      limit: number('maxclients'),
      rejected: number('rejected_connections'),
    },
    opsPerSecond: number('instantaneous_ops_per_sec'),
    aof: {
      enabled: info.get('aof_enabled') === '1',
      ok: isOk(info, 'aof_last_write_status') && isOk(info, 'aof_last_bgrewrite_status'),
      ...(info.has('aof_current_size') ? { bytes: number('aof_current_size') } : {}),
      rewriting: info.get('aof_rewrite_in_progress') === '1',
    },
    rdb: {
      ...(lastSave > 0 ? { lastSaveAt: new Date(lastSave * 1_000).toISOString() } : {}),
      ok: isOk(info, 'rdb_last_bgsave_status'),
      changesSince: number('rdb_changes_since_last_save'),
    },
    keys: [...info].reduce((sum, [name, value]) => {
      return /^db\d+$/.test(name) ? sum + Number(/keys=(\d+)/.exec(value)?.[1] ?? 0) : sum;
    }, 0),
  };
}

/**
 * Runs a command that may be forbidden by an ACL or renamed, as hosted Redis services do. Returns `refused` then and
 * rethrows any other error.
 */
export async function allowed<T>(command: string, read: () => Promise<T>): Promise<Part<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (error instanceof Error && /NOPERM|unknown (sub)?command/i.test(error.message))
      return { refused: command };
    throw error;
  }
}

function isOk(info: Map<string, string>, name: string): boolean {
  return (info.get(name) ?? 'ok') === 'ok';
}
