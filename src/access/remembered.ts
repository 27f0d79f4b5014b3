import type { Redis } from 'ioredis';
import { OnceATurn } from './once-a-turn.js';
import { toStorageError, withRedis } from '../queue/redis-errors.js';

/** Longest that something is believed which Redis cannot confirm, ms. */
const BELIEVED_MS = 15 * 60_000;
const MAX_ENTRIES = 10_000;

/**
 * Reads what Redis keeps, and while Redis is away what this process last read of it: those who are in can then still
 * look at what goes on. Never more than that: who only reads from memory is told so.
 */
export class Remembered<Value> {
  private readonly entries = new Map<string, { value: Value; at: number }>();
  private readonly reads = new OnceATurn<Promise<string | null>>();

  constructor(private readonly redis: Redis) {}

  /** @throws RoostError REDIS_UNAVAILABLE where Redis is away and nothing is remembered. */
  async read(
    key: string,
    parse: (text: string) => Value | undefined,
  ): Promise<{ value: Value; isRemembered: boolean } | undefined> {
    let text: string | null;
    try {
      text = await withRedis(this.redis, () => this.reads.of(key, () => this.redis.get(key)));
    } catch (error) {
      const entry = this.entries.get(key);
      if (!toStorageErrorLike(error) || !entry || Date.now() - entry.at > BELIEVED_MS) throw error;
      return { value: entry.value, isRemembered: true };
    }
    const value = text === null ? undefined : parse(text);
    this.forget(key);
    if (value === undefined) return undefined;
    this.entries.set(key, { value, at: Date.now() });
    if (this.entries.size > MAX_ENTRIES) this.forget(this.entries.keys().next().value!);
    return { value, isRemembered: false };
  }

  forget(key: string): void {
    this.entries.delete(key);
  }
}

function toStorageErrorLike(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'REDIS_UNAVAILABLE' || toStorageError(error) !== undefined;
}
