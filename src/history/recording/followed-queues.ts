import type { Redis } from 'ioredis';
import { META_SUFFIX, nameOfBase, observedBase, queueBase, queueKey } from '../../bullmq/keys.js';

export interface Followed {
  /** Name in the history. */
  name: string;
  /** Key prefix: `prefix:queue:` */
  base: string;
  isOurs: boolean;
}

/** Keys of the event streams. */
export function eventKeys(queues: readonly Followed[]): string[] {
  return queues.map(({ base }) => queueKey(base, 'events'));
}

/** COUNT of one SCAN. */
const SCAN_COUNT = 1000;
/** Largest number of keys scanned without a pause. */
const MAX_SMALL_KEYSPACE = 20_000;
/** Pause between two scans of a small keyspace, and between two SCAN calls in a large one, ms. */
const SCAN_PAUSE_MS = 2000;
const SCAN_STEP_MS = 250;

/** The queues of this Roost, and those of other BullMQ programs on the same Redis, discovered step by step. */
export class FollowedQueues {
  private readonly byName = new Map<string, Followed>();
  /**
   * Queues of other programs whose access is not checked yet: reading one without permission would fail the whole
   * batch.
   */
  private readonly unchecked = new Set<Followed>();
  private cursor = '0';
  private nextAt = 0;

  constructor(
    private readonly prefix: string,
    private readonly ownNames: readonly string[],
  ) {
    for (const name of ownNames) this.add(queueBase(prefix, name));
  }

  all(): Followed[] {
    return [...this.byName.values()];
  }

  get(name: string): Followed | undefined {
    return this.byName.get(name);
  }

  /** Finds the queue by its name in the history. Queues of other programs are named by their key prefix. */
  addByName(name: string): Followed {
    const isOurs = this.ownNames.includes(name);
    return this.add(isOurs ? queueBase(this.prefix, name) : observedBase(name));
  }

  /** Continues the scan when it is due. Returns the new queues. */
  async discover(redis: Redis, now: number): Promise<Followed[]> {
    await this.checkAccess(redis);
    if (now < this.nextAt) return [];
    const found: Followed[] = [];
    const isSmall = this.cursor === '0' && (await redis.dbsize()) <= MAX_SMALL_KEYSPACE;
    do {
      const [next, keys] = await redis.scan(this.cursor, 'MATCH', `*${META_SUFFIX}`, 'COUNT', SCAN_COUNT);
      this.cursor = next;
      for (const key of keys) {
        const base = key.slice(0, 1 - META_SUFFIX.length);
        if (this.has(base) || !(await isQueue(redis, base))) continue;
        found.push(this.add(base));
      }
    } while (isSmall && this.cursor !== '0');
    this.nextAt = now + (this.cursor === '0' ? SCAN_PAUSE_MS : SCAN_STEP_MS);
    return found;
  }

  private async checkAccess(redis: Redis): Promise<void> {
    for (const queue of [...this.unchecked]) {
      const isAllowed = await allowed(redis.type(queueKey(queue.base, 'events')));
      this.unchecked.delete(queue);
      if (!isAllowed) this.byName.delete(queue.name);
    }
  }

  private has(base: string): boolean {
    return this.all().some((queue) => queue.base === base);
  }

  private add(base: string): Followed {
    const own = this.ownNames.find((name) => base === queueBase(this.prefix, name));
    const name = own ?? nameOfBase(base);
    const queue = { name, base, isOurs: own !== undefined };
    this.byName.set(name, queue);
    if (own === undefined) this.unchecked.add(queue);
    return queue;
  }
}

/** A key named `*:meta` may belong to any program; the stream that BullMQ writes beside it identifies a queue. */
async function isQueue(redis: Redis, base: string): Promise<boolean> {
  const [meta, events] = await Promise.all([
    allowed(redis.type(queueKey(base, 'meta'))),
    allowed(redis.type(queueKey(base, 'events'))),
  ]);
  return meta === 'hash' && events === 'stream';
}

/** Returns undefined when an ACL denies access to the key: SCAN lists the names of all keys. */
async function allowed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return undefined;
    throw error;
  }
}
