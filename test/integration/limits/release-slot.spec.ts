import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { withLimitCommands } from '../../../src/limits/limit-commands.js';

describe('the slot of a run that has ended', () => {
  const redis = withLimitCommands(new Redis(process.env.TEST_REDIS_URL!));
  const prefix = `test-${randomUUID()}`;
  const [overrides, own, lock] = [`${prefix}:limits`, `${prefix}:limits:mail:`, `${prefix}:cpu:t1:lock`];
  const member = 'cpu/t1';

  beforeEach(async () => {
    await redis.zadd(`${own}slots`, String(Date.now() + 60_000), member);
    await redis.del(lock);
  });
  afterAll(async () => {
    await redis.del(`${own}slots`, lock);
    redis.disconnect();
  });

  const release = () => redis.roostReleaseSlot(overrides, own, lock, prefix, 'mail', member, 'lock-1');
  const slots = () => redis.zrange(`${own}slots`, '0', '-1');

  it('is free while the run still holds the task', async () => {
    await redis.set(lock, 'lock-1');
    await release();
    expect(await slots()).toEqual([]);
  });

  it('is free when nobody holds the task', async () => {
    await release();
    expect(await slots()).toEqual([]);
  });

  it('stays taken when another run of the task holds it: the run that ended had lost it', async () => {
    await redis.set(lock, 'lock-2');
    await release();
    expect(await slots()).toEqual([member]);
  });
});
