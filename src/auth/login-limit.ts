import type { Redis } from 'ioredis';
import type { Settings } from '../platform/config/settings.js';
import { RoostError } from '../model/errors.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { toNetwork } from './client-network.js';
import { digest } from './secrets.js';
import { accessKey } from '../bullmq/keys.js';

const WINDOW_S = 15 * 60;
/**
 * Limits on failed logins in the window, per address and per name. The limit per name stops guesses from many
 * addresses. It is higher because anyone can use it up for another user.
 */
const MAX_PER_ADDRESS = 10;
const MAX_PER_NAME = 50;

/** Limit on counters in this process. The oldest is removed first. */
const MAX_LOCAL = 50_000;

/** Decrements existing keys only: DECR would create an expired counter again, negative and without a TTL. */
const RELEASE_SCRIPT =
  "for _, key in ipairs(KEYS) do if redis.call('EXISTS', key) == 1 then redis.call('DECR', key) end end";

/**
 * Counts failed logins in Redis, across all web processes. Each process also counts locally, so deleting a counter in
 * Redis does not allow more guesses at this process.
 */
export class LoginLimit {
  readonly local = new Map<string, { n: number; until: number }>();

  constructor(
    private readonly redis: Redis,
    private readonly settings: Pick<Settings, 'QUEUE_PREFIX'>,
    /** Each purpose has its own counters. */
    private readonly options: { purpose: string; maxForName: number } = {
      purpose: '',
      maxForName: MAX_PER_NAME,
    },
  ) {}

  /**
   * Acquires an attempt from both counters before the password is checked, so concurrent guesses count too.
   * @throws RoostError TOO_MANY_REQUESTS, REDIS_UNAVAILABLE
   */
  async acquire(address: string, name: string): Promise<AcquiredAttempt> {
    const { from, of } = this.keys(address, name);
    const byAddress = await this.count(from);
    // Skips the counter of the name: a client without attempts left must not fill Redis with names.
    if (byAddress.n > MAX_PER_ADDRESS) throw await this.refuse([from], byAddress.restS);
    const byName = await this.count(of);
    if (byName.n > this.options.maxForName) throw await this.refuse([from, of], byName.restS);
    return { release: () => this.release([from, of]) };
  }

  private async count(key: string): Promise<{ n: number; restS: number }> {
    const answers = await withRedis(this.redis, () =>
      this.redis.multi().set(key, 0, 'EX', WINDOW_S, 'NX').incr(key).ttl(key).exec(),
    );
    const [, n, restS] = answers!.map(([, value]) => Number(value));
    const local = this.countLocally(key, restS!);
    return { n: Math.max(n!, local.n), restS: Math.ceil((local.until - Date.now()) / 1000) };
  }

  private countLocally(key: string, restS: number): { n: number; until: number } {
    const now = Date.now();
    const known = this.local.get(key);
    const entry = known && known.until > now ? known : { n: 0, until: now + restS * 1000 };
    entry.n++;
    this.local.delete(key);
    this.local.set(key, entry);
    if (this.local.size > MAX_LOCAL) this.local.delete(this.local.keys().next().value!);
    return entry;
  }

  private async refuse(keys: string[], restS: number): Promise<RoostError> {
    await this.release(keys);
    const wait = Math.max(1, restS);
    return new RoostError(
      'TOO_MANY_REQUESTS',
      `Too many wrong logins: wait ${wait < 120 ? `${wait} seconds` : `${Math.ceil(wait / 60)} minutes`}, then try again.`,
      undefined,
      { retryAfter: wait },
    );
  }

  private async release(keys: string[]): Promise<void> {
    for (const key of keys) {
      const local = this.local.get(key);
      if (local && local.n > 0) local.n--;
    }
    await this.redis.eval(RELEASE_SCRIPT, keys.length, ...keys).catch(() => undefined);
  }

  private keys(address: string, name: string): { from: string; of: string } {
    const { QUEUE_PREFIX: prefix } = this.settings;
    const { purpose } = this.options;
    return {
      from: accessKey(prefix, 'wrong', `${purpose}from`, toNetwork(address)),
      of: accessKey(prefix, 'wrong', `${purpose}name`, digest(name)),
    };
  }
}

interface AcquiredAttempt {
  /** Returns the attempt after a successful login. */
  release(): Promise<void>;
}
