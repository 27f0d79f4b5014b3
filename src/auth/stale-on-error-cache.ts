import type { Redis } from 'ioredis';
import { RoostError } from '../model/errors.js';
import { TickCache } from '../coordination/tick-cache.js';
import { REDIS_CODES, toStorageError, withRedis } from '../bullmq/connection/redis-errors.js';

/** Maximum age of a value that Redis cannot confirm, ms. */
const MAX_STALE_MS = 15 * 60_000;
const MAX_ENTRIES = 10_000;

/**
 * Reads records from Redis. While Redis is unavailable it returns the last value read by this process, marked as
 * remembered, so that signed-in users can still read.
 */
export class StaleOnErrorCache<Value> {
  private readonly entries = new Map<string, { text: string; value: Value; at: number }>();
  private readonly reads = new TickCache<Promise<string | null>>();

  constructor(private readonly redis: Redis) {}

  /** @throws RoostError REDIS_UNAVAILABLE if Redis is unavailable and no value is cached. */
  async read(
    key: string,
    parse: (text: string) => Value | undefined,
  ): Promise<{ value: Value; isStale: boolean } | undefined> {
    let text: string | null;
    try {
      text = await withRedis(this.redis, () => this.reads.get(key, () => this.redis.get(key)));
    } catch (error) {
      const entry = this.entries.get(key);
      if (!toStorageErrorLike(error) || !entry || Date.now() - entry.at > MAX_STALE_MS) throw error;
      return { value: entry.value, isStale: true };
    }
    const known = this.entries.get(key);
    this.forget(key);
    if (text === null) return undefined;
    // Reuses the parsed value of an unchanged text.
    const value = known?.text === text ? known.value : parse(text);
    if (value === undefined) return undefined;
    this.entries.set(key, { text, value, at: Date.now() });
    if (this.entries.size > MAX_ENTRIES) this.forget(this.entries.keys().next().value!);
    return { value, isStale: false };
  }

  forget(key: string): void {
    this.entries.delete(key);
  }
}

function toStorageErrorLike(error: unknown): boolean {
  return error instanceof RoostError ? REDIS_CODES.has(error.code) : toStorageError(error) !== undefined;
}
