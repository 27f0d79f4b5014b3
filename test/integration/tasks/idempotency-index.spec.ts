import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import type { Queues, TaskQueue } from '../../../src/bullmq/shared-queues.js';
import { withTaskCommands, type CommandRedis } from '../../../src/bullmq/task-commands.js';
import type { Settings } from '../../../src/platform/config/settings.js';
import { IdempotencyIndex } from '../../../src/tasks/idempotency-index.js';
import { recordTraffic } from '../../support/redis-traffic.js';

describe('IdempotencyIndex', () => {
  const prefix = `test-${randomUUID()}`;
  const print = 'abcdefghijklmnopqrst-_';
  let redis: CommandRedis;
  let queues: TaskQueue[];
  let holders: IdempotencyIndex;

  beforeAll(() => {
    redis = withTaskCommands(new Redis(process.env.TEST_REDIS_URL!, { maxRetriesPerRequest: null }));
    queues = ['one', 'two'].map((name) => new Queue(name, { connection: redis, prefix }));
    holders = new IdempotencyIndex(
      redis,
      { all: () => queues } as unknown as Queues,
      {
        QUEUE_PREFIX: prefix,
      } as Settings,
    );
  });

  afterAll(async () => {
    await Promise.all(queues.map((queue) => queue.obliterate({ force: true })));
    await Promise.all(queues.map((queue) => queue.close()));
    redis.disconnect();
  });

  const add = (queue: number, id: string, data: object) =>
    queues[queue]!.add('divide', data as never, { jobId: id });
  const of = async (id: string) =>
    (await holders.findHolders([id]))[0]!.map(({ queue, fingerprint }) => [queue.name, fingerprint]);

  it('shows who has an id, and by which request, for all that ask at once', async () => {
    await add(0, 'a', { roost: 1, fingerprint: print, input: { fingerprint: 'not this' } });
    await add(1, 'b', { roost: 1, fingerprint: print, tags: ['x'.repeat(1000)], input: {} });
    await add(0, 'c', { roost: 1, fingerprint: print, input: {} });
    await add(1, 'c', { roost: 1, fingerprint: 'other', input: {} });
    const asked = ['a', 'b', 'c', 'nobody'];
    expect(await Promise.all(asked.map(of))).toEqual([
      [['one', print]],
      [['two', print]],
      [
        ['one', print],
        ['two', 'other'],
      ],
      [],
    ]);
  });

  it('asks Redis once for many ids', async () => {
    const traffic = recordTraffic(redis);
    await holders.findHolders(Array.from({ length: 90 }, (_, n) => `x${n}`));
    expect(traffic).toEqual({ writes: 1, trips: 'wr' });
  });

  it('tells no fingerprint where it does not stand first, as in tasks of before and of others', async () => {
    await add(0, 'old', { roost: 1, tags: ['t'], fingerprint: print, input: {} });
    await add(0, 'foreign', { fingerprint: print });
    expect([await of('old'), await of('foreign')]).toEqual([[['one', undefined]], [['one', undefined]]]);
  });

  it('takes what is damaged for nothing', async () => {
    await redis.set(queues[0]!.toKey('text'), 'no hash');
    expect(await of('text')).toEqual([]);
  });
});
