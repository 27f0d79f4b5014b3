import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';

/** Lifetime of a lease, ms. A killed holder is replaced within this time plus one attempt by the next process. */
export const LEASE_TTL_MS = 6_000;
/** Lifetime of an unused counter of fencing tokens, ms: longer than a stale holder can be away. */
const FENCE_TTL_MS = 30 * 86_400_000;

/*
 * Acquires, renews or releases the lease.
 * KEYS[1] the lease, KEYS[2] its counter of fencing tokens
 * ARGV[1] id of the caller, ARGV[2] status to store, ARGV[3] lifetime in ms or 0 to release, ARGV[4] id of a holder
 * known to be dead, ARGV[5] last token of the caller, ARGV[6] lifetime of the counter in ms
 * Returns {token if the caller holds it now else 0, the stored value of the other holder}.
 */
const LEASE = `
local value = redis.call('GET', KEYS[1])
local holder = value and string.match(value, '^%S+')
local held = holder and holder ~= ARGV[1] and holder ~= ARGV[4]
if held then return { 0, value } end
if ARGV[3] == '0' then
  redis.call('DEL', KEYS[1])
  return { 0, '' }
end
local token = tonumber(redis.call('GET', KEYS[2]) or 0)
if holder ~= ARGV[1] or token < tonumber(ARGV[5]) then token = math.max(token, tonumber(ARGV[5])) + 1 end
redis.call('SET', KEYS[2], token, 'PX', ARGV[6])
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return { token, '' }
`;

type Arg = string | number;

export interface LeaseCommands {
  roostLease(key: string, counter: string, ...args: Arg[]): Promise<[number, string]>;
}

export function withLeaseCommands<R extends Redis>(redis: R): R & LeaseCommands {
  redis.defineCommand('roostLease', { numberOfKeys: 2, lua: LEASE });
  return redis as R & LeaseCommands;
}

/** `fence`: fencing token of this leadership. `holder`: status of the process that leads instead. */
export type Leadership<Status> = { fence: number } | { fence?: undefined; holder: Status | undefined };

/** Elects one leader among processes. The lease also carries a status of the leader, which the others can show. */
export class LeaderLease<Status> {
  private readonly id = randomUUID();
  private lastFence = 0;

  constructor(
    private readonly redis: LeaseCommands,
    /** `fence`: counter of the fencing tokens. */
    private readonly keys: { lease: string; fence: string },
  ) {}

  /**
   * Acquires or renews the lease, or returns the status of its holder. A renewal keeps the fencing token; a new
   * leadership has a higher one, so that a late write of an earlier leader is recognized by its token.
   * @param isDead decides from the status whether the holder is gone: its lease is then replaced without waiting for
   * its expiry.
   */
  async acquire(status: Status, isDead: (holder: Status) => boolean): Promise<Leadership<Status>> {
    const text = JSON.stringify(status);
    const [fence, value] = await this.attempt(text);
    if (fence > 0) return this.hold(fence);
    const holder = parse<Status>(value);
    if (!holder || !isDead(holder)) return { holder };
    const [second] = await this.attempt(text, value.slice(0, value.indexOf(' ')));
    return second > 0 ? this.hold(second) : { holder };
  }

  /** Another process can acquire it at once. Has no effect on the lease of another holder. */
  async release(): Promise<void> {
    await this.run('', 0, '');
  }

  private hold(fence: number): { fence: number } {
    this.lastFence = fence;
    return { fence };
  }

  private attempt(text: string, dead = ''): Promise<[number, string]> {
    return this.run(text, LEASE_TTL_MS, dead);
  }

  private run(text: string, ttlMs: number, dead: string): Promise<[number, string]> {
    const { lease, fence } = this.keys;
    return this.redis.roostLease(lease, fence, this.id, text, ttlMs, dead, this.lastFence, FENCE_TTL_MS);
  }
}

function parse<Status>(text: string): Status | undefined {
  try {
    return JSON.parse(text.slice(text.indexOf(' ') + 1)) as Status;
  } catch {
    return undefined;
  }
}
