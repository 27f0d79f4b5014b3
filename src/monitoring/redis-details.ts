import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Settings } from '../config/settings.js';
import { Queues } from '../queue/queues.js';
import { withRedis } from '../queue/redis-errors.js';
import { isNotTold } from '../queue/redis-manners.js';
import { COMMANDS } from '../queue/tokens.js';
import { readQueueSize, type QueueSize } from './queue-size.js';
import { parseInfo } from './redis-overview.js';
import { readSlowLog, type SlowCall } from './slow-log.js';

/** A part of what is told, or the command that this user of Redis may not use. */
export type Part<T> = { value: T } | { refused: string };

/** What INFO tells. Sizes are bytes, times seconds unless the name says otherwise. */
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

/** However many pages are open, Redis is asked once in so many ms; sizes cost more and change slowly. */
const DETAILS_AGE_MS = 900;
const SIZES_AGE_MS = 15_000;

/** A close look at the Redis underneath, at bounded cost: about 150 constant-time commands at most. */
@Injectable()
export class RedisDetailsReader {
  private readonly kept = new Map<string, { at: number; answer: Promise<unknown> }>();

  constructor(
    @Inject(COMMANDS) private readonly redis: Redis,
    private readonly queues: Queues,
    private readonly settings: Settings,
  ) {}

  /** @throws RoostError REDIS_UNAVAILABLE. A command that is not allowed only leaves its part out. */
  read(): Promise<RedisDetails> {
    return withRedis(this.redis, async () => {
      const [info, slowLog, queues] = await Promise.all([
        this.recent('info', DETAILS_AGE_MS, () => this.info()),
        this.recent('slow', DETAILS_AGE_MS, () => allowed('SLOWLOG', () => this.slowLog())),
        this.recent('sizes', SIZES_AGE_MS, () => allowed('MEMORY', () => this.sizes())),
      ]);
      return { at: new Date().toISOString(), info, slowLog, queues };
    });
  }

  private async info(): Promise<Part<RedisInfo>> {
    const text = await this.redis.info();
    return isNotTold(parseInfo(text)) ? { refused: 'INFO' } : { value: toRedisInfo(text) };
  }

  private async slowLog() {
    const calls = await readSlowLog(this.redis, this.settings.QUEUE_PREFIX);
    // Told where CONFIG is allowed; the log speaks for itself where it is not.
    const threshold = await this.redis.config('GET', 'slowlog-log-slower-than').catch(() => undefined);
    const overMicros = Array.isArray(threshold) ? Number(threshold[1]) : undefined;
    return { calls, ...(overMicros === undefined || Number.isNaN(overMicros) ? {} : { overMicros }) };
  }

  /** One queue after the other: none of them holds up others for long. */
  private async sizes(): Promise<QueueSize[]> {
    const sizes: QueueSize[] = [];
    for (const name of this.queues.names()) {
      sizes.push(await readQueueSize(this.redis, `${this.settings.QUEUE_PREFIX}:${name}:`, name));
    }
    return sizes;
  }

  private recent<T>(name: string, maxAgeMs: number, read: () => Promise<T>): Promise<T> {
    const kept = this.kept.get(name);
    if (kept && Date.now() - kept.at < maxAgeMs) return kept.answer as Promise<T>;
    const answer = read();
    this.kept.set(name, { at: Date.now(), answer });
    // What failed is asked again at once.
    answer.catch(() => this.kept.delete(name));
    return answer;
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

/** Refused by an ACL, or renamed away as hosted Redises do; anything else is a fault and thrown. */
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
