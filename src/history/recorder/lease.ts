import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

/** A holder that is killed is followed within this time and one look of the next, ms. */
const TTL_MS = 6000;

/*
 * KEYS[1]  the lease
 * ARGV[1]  token, ARGV[2] what to write, ARGV[3] ms to live; 0 to give it back, ARGV[4] token of a holder known to be dead
 *
 * Takes or renews it. Answers {1 where it is the caller's now, what was written by its holder}.
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

/** What makes one process of several the one that records. It also carries what the others show. */
export class Lease<Told> {
  private readonly token = randomUUID();

  constructor(
    private readonly redis: LeaseCommands,
    readonly key: string,
  ) {}

  /**
   * Takes it, or keeps it: where it is somebody else's, what they told. `isDead` says of a holder whether it is known to
   * be no more: then nobody waits for its time to run out.
   */
  async take(
    told: Told,
    isDead: (told: Told) => boolean,
  ): Promise<{ isOurs: true } | { isOurs: false; told: Told | undefined }> {
    const take = (dead = '') =>
      this.redis.roostLease(this.key, this.token, JSON.stringify(told), TTL_MS, dead);
    const [ours, text] = await take();
    if (ours === 1) return { isOurs: true };
    const theirs = parse<Told>(text);
    if (!theirs || !isDead(theirs)) return { isOurs: false, told: theirs };
    return (await take(text.slice(0, text.indexOf(' '))))[0] === 1
      ? { isOurs: true }
      : { isOurs: false, told: theirs };
  }

  async release(): Promise<void> {
    await this.redis.roostLease(this.key, this.token, '', 0, '');
  }
}

function parse<Told>(text: string): Told | undefined {
  try {
    return JSON.parse(text.slice(text.indexOf(' ') + 1)) as Told;
  } catch {
    return undefined;
  }
}
