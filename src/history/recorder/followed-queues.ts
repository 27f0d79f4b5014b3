import type { Redis } from 'ioredis';
import { QUEUE_NAMES } from '../../contract/queues.js';

export interface Followed {
  /** As in the history. */
  name: string;
  /** `prefix:queue:` */
  base: string;
  isOurs: boolean;
}

/** Keys looked at by one SCAN. */
const SCAN_COUNT = 1000;
/** A keyspace of at most this many keys is looked through in one go. */
const SMALL = 20_000;
/** Between two looks through a small keyspace, and between two SCANs of a large one, ms. */
const REST_MS = 2000;
const STEP_MS = 250;

/** The queues of this Roost, and, found bit by bit, those of any other BullMQ program on the same Redis. */
export class FollowedQueues {
  private readonly byName = new Map<string, Followed>();
  /** Of other programs, asked for before they are read: one that may not be read would hold up all. */
  private readonly unasked = new Set<Followed>();
  private cursor = '0';
  private nextAt = 0;

  constructor(private readonly prefix: string) {
    for (const name of QUEUE_NAMES) this.add(`${prefix}:${name}:`);
  }

  all(): Followed[] {
    return [...this.byName.values()];
  }

  get(name: string): Followed | undefined {
    return this.byName.get(name);
  }

  /** By its name in the history: those of other programs are named by what their keys begin with. */
  addByName(name: string): Followed {
    const isOurs = (QUEUE_NAMES as readonly string[]).includes(name);
    return this.add(isOurs ? `${this.prefix}:${name}:` : `${name}:`);
  }

  /** Looks on a little, when it is time to; answers the queues that are new. */
  async look(redis: Redis, now: number): Promise<Followed[]> {
    await this.askForOthers(redis);
    if (now < this.nextAt) return [];
    const found: Followed[] = [];
    const isSmall = this.cursor === '0' && (await redis.dbsize()) <= SMALL;
    do {
      const [next, keys] = await redis.scan(this.cursor, 'MATCH', '*:meta', 'COUNT', SCAN_COUNT);
      this.cursor = next;
      for (const key of keys) {
        const base = key.slice(0, -'meta'.length);
        if (this.knows(base) || !(await isQueue(redis, base))) continue;
        found.push(this.add(base));
      }
    } while (isSmall && this.cursor !== '0');
    this.nextAt = now + (this.cursor === '0' ? REST_MS : STEP_MS);
    return found;
  }

  private async askForOthers(redis: Redis): Promise<void> {
    for (const queue of [...this.unasked]) {
      const isOpen = await allowed(redis.type(`${queue.base}events`));
      this.unasked.delete(queue);
      if (!isOpen) this.byName.delete(queue.name);
    }
  }

  private knows(base: string): boolean {
    return this.all().some((queue) => queue.base === base);
  }

  private add(base: string): Followed {
    const own = QUEUE_NAMES.find((name) => base === `${this.prefix}:${name}:`);
    const name = own ?? base.slice(0, -1);
    const queue = { name, base, isOurs: own !== undefined };
    this.byName.set(name, queue);
    if (own === undefined) this.unasked.add(queue);
    return queue;
  }
}

/** A hash named so may be anybody's; what BullMQ writes beside it tells. */
async function isQueue(redis: Redis, base: string): Promise<boolean> {
  const [meta, events] = await Promise.all([
    allowed(redis.type(`${base}meta`)),
    allowed(redis.type(`${base}events`)),
  ]);
  return meta === 'hash' && events === 'stream';
}

/** Undefined where an ACL keeps this user of Redis from the key: SCAN shows the names of all. */
async function allowed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return undefined;
    throw error;
  }
}
