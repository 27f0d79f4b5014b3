import type { Redis } from 'ioredis';
import type { Settings } from '../config/settings.js';
import { RoostError } from '../contract/errors.js';
import { withRedis } from '../queue/redis-errors.js';
import { toNetwork } from './network.js';
import { digest } from './secrets.js';

const WINDOW_S = 15 * 60;
/**
 * Wrong logins in that time from one address, and for one name from wherever. The second is against guesses from many
 * addresses; it is higher, since anybody can use it up for somebody else.
 */
const MAX_FROM_ADDRESS = 10;
const MAX_FOR_NAME = 50;

/** A count that has run out meanwhile must not come up again, without an end and below nothing. */
const GIVE_BACK =
  "for _, key in ipairs(KEYS) do if redis.call('EXISTS', key) == 1 then redis.call('DECR', key) end end";

/** Counts wrong logins, in Redis: for all web processes together. */
export class LoginLimit {
  constructor(
    private readonly redis: Redis,
    private readonly settings: Pick<Settings, 'QUEUE_PREFIX'>,
  ) {}

  /**
   * Takes an attempt from both counts before it is looked at: guesses made all at once are not more than others.
   * @throws RoostError TOO_MANY_REQUESTS, REDIS_UNAVAILABLE
   */
  async take(address: string, name: string): Promise<Taken> {
    const { from, of } = this.keys(address, name);
    const fromAddress = await this.count(from);
    // Not even looked at: names are kept, and whoever has no attempt left must not fill Redis with them.
    if (fromAddress.n > MAX_FROM_ADDRESS) throw await this.refuse([from], fromAddress.restS);
    const forName = await this.count(of);
    if (forName.n > MAX_FOR_NAME) throw await this.refuse([from, of], forName.restS);
    return { giveBack: () => this.giveBack([from, of]) };
  }

  private async count(key: string): Promise<{ n: number; restS: number }> {
    const answers = await withRedis(this.redis, () =>
      this.redis.multi().set(key, 0, 'EX', WINDOW_S, 'NX').incr(key).ttl(key).exec(),
    );
    const [, n, restS] = answers!.map(([, value]) => Number(value));
    return { n: n!, restS: restS! };
  }

  private async refuse(keys: string[], restS: number): Promise<RoostError> {
    await this.giveBack(keys);
    const wait = Math.max(1, restS);
    return new RoostError(
      'TOO_MANY_REQUESTS',
      `Too many wrong logins: wait ${wait < 120 ? `${wait} seconds` : `${Math.ceil(wait / 60)} minutes`}, then try again.`,
      undefined,
      { retryAfter: wait },
    );
  }

  private async giveBack(keys: string[]): Promise<void> {
    await this.redis.eval(GIVE_BACK, keys.length, ...keys).catch(() => undefined);
  }

  private keys(address: string, name: string): { from: string; of: string } {
    const prefix = `${this.settings.QUEUE_PREFIX}:access:wrong:`;
    return { from: `${prefix}from:${toNetwork(address)}`, of: `${prefix}name:${digest(name)}` };
  }
}

interface Taken {
  /** It was no wrong one. */
  giveBack(): Promise<void>;
}
