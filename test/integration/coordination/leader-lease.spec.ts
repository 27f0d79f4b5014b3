import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import {
  LEASE_TTL_MS,
  LeaderLease,
  withLeaseCommands,
  type LeaseCommands,
} from '../../../src/coordination/leader-lease.js';

interface Status {
  name: string;
}

const ALIVE = () => false;
const DEAD = () => true;

describe('LeaderLease', () => {
  let redis: Redis & LeaseCommands;
  let key: string;

  beforeAll(() => {
    redis = withLeaseCommands(new Redis(process.env.TEST_REDIS_URL!, { maxRetriesPerRequest: null }));
  });
  beforeEach(() => {
    key = `test-${randomUUID()}`;
  });
  afterEach(() => redis.del(key, `${key}:fence`));
  afterAll(() => redis.disconnect());

  const contender = (name: string) => {
    const lease = new LeaderLease<Status>(redis, { lease: key, fence: `${key}:fence` });
    return {
      acquire: (isDead: (holder: Status) => boolean = ALIVE) => lease.acquire({ name }, isDead),
      release: () => lease.release(),
    };
  };
  /** As if the holder had been silent until the lease ran out. */
  const expire = () => redis.pexpire(key, 0);

  it('is acquired by one of many that ask at once; the others learn who it is', async () => {
    const answers = await Promise.all(['a', 'b', 'c'].map((name) => contender(name).acquire()));
    expect(answers).toEqual([{ fence: 1 }, { holder: { name: 'a' } }, { holder: { name: 'a' } }]);
  });

  it('is renewed by its holder, with the same token and its latest status', async () => {
    const [a, b] = [contender('a'), contender('b')];
    await a.acquire();
    await redis.pexpire(key, 100);
    expect(await a.acquire()).toEqual({ fence: 1 });
    expect(await redis.pttl(key)).toBeGreaterThan(LEASE_TTL_MS / 2);
    expect(await b.acquire()).toEqual({ holder: { name: 'a' } });
  });

  it('is lost when it expires: the next holder has a higher token, and the former learns of it', async () => {
    const [a, b] = [contender('a'), contender('b')];
    await a.acquire();
    await expire();
    expect(await b.acquire()).toEqual({ fence: 2 });
    expect(await a.acquire()).toEqual({ holder: { name: 'b' } });
    await expire();
    expect(await a.acquire()).toEqual({ fence: 3 });
  });

  it('has a higher token for the same process too, once it has expired', async () => {
    const a = contender('a');
    await a.acquire();
    await expire();
    expect(await a.acquire()).toEqual({ fence: 2 });
  });

  it('is free at once when released by its holder, and not by another', async () => {
    const [a, b] = [contender('a'), contender('b')];
    await a.acquire();
    await b.release();
    expect(await b.acquire()).toEqual({ holder: { name: 'a' } });
    await a.release();
    expect(await b.acquire()).toEqual({ fence: 2 });
  });

  it('is taken from a holder that is known to be dead, and from no other', async () => {
    const [a, b] = [contender('a'), contender('b')];
    await a.acquire();
    expect(await b.acquire(DEAD)).toEqual({ fence: 2 });
    expect(await a.acquire(({ name }) => name === 'x')).toEqual({ holder: { name: 'b' } });
  });

  it('raises the token of a process even after Redis has lost its data', async () => {
    const a = contender('a');
    for (let i = 0; i < 3; i++) {
      await a.acquire();
      await expire();
    }
    await redis.del(`${key}:fence`);
    expect(await a.acquire()).toEqual({ fence: 4 });
    await redis.del(`${key}:fence`);
    expect(await a.acquire()).toEqual({ fence: 5 });
  });

  it('is respected where the holder stores no status that can be read', async () => {
    await redis.set(key, 'someone not json', 'PX', 1000);
    expect(await contender('a').acquire(DEAD)).toEqual({ holder: undefined });
  });
});
