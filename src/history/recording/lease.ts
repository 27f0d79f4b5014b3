import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

/** Lifetime of the lease, ms. A killed holder is replaced within this time plus one check by the next process. */
const TTL_MS = 6000;

/*
 * Acquires, renews or releases the lease.
 * KEYS[1] the lease
 * ARGV[1] token, ARGV[2] status to store, ARGV[3] lifetime in ms or 0 to release, ARGV[4] token of a holder known to
 * be dead
 * Returns {1 if the caller holds it now else 0, the stored value of the other holder}.
 */
const LEASE = `
local value = redis.call('GET', KEYS[1])
local holder = value and string.match(value, '^%S+')
local held = holder and holder ~= ARGV[1] and holder ~= ARGV[4]
if held then return { 0, value } end
if ARGV[3] == '0' then redis.call('DEL', KEYS[1])
else redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3]) end
return { 1, '' }
`;

export interface LeaseCommands {
  roostLease(key: string, token: string, text: string, ttl: number, dead: string): Promise<[number, string]>;
}

export function withLeaseCommands<R extends Redis>(redis: R): R & LeaseCommands {
  redis.defineCommand('roostLease', { numberOfKeys: 1, lua: LEASE });
  return redis as R & LeaseCommands;
}

/** Elects the one process that records. The lease also carries the status that other processes show. */
export class Lease<Status> {
  private readonly token = randomUUID();

  constructor(
    private readonly redis: LeaseCommands,
    readonly key: string,
  ) {}

  /**
   * Acquires or renews the lease; returns the holder's status if another process holds it. `isDead` decides from the
   * status whether that holder is gone: its lease is then replaced without waiting for its expiry.
   */
  async acquire(
    status: Status,
    isDead: (holder: Status) => boolean,
  ): Promise<{ isOurs: true } | { isOurs: false; holder: Status | undefined }> {
    const attempt = (dead = '') =>
      this.redis.roostLease(this.key, this.token, JSON.stringify(status), TTL_MS, dead);
    const [ours, text] = await attempt();
    if (ours === 1) return { isOurs: true };
    const theirs = parse<Status>(text);
    if (!theirs || !isDead(theirs)) return { isOurs: false, holder: theirs };
    return (await attempt(text.slice(0, text.indexOf(' '))))[0] === 1
      ? { isOurs: true }
      : { isOurs: false, holder: theirs };
  }

  async release(): Promise<void> {
    await this.redis.roostLease(this.key, this.token, '', 0, '');
  }
}

function parse<Status>(text: string): Status | undefined {
  try {
    return JSON.parse(text.slice(text.indexOf(' ') + 1)) as Status;
  } catch {
    return undefined;
  }
}
