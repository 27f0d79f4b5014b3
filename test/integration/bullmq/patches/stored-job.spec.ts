import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { requestIdOf, type JobEnvelope } from '../../../../src/bullmq/codec/job-envelope.js';
import { storeShort } from '../../../../src/bullmq/patches/stored-job.js';

const envelope = (n: number): JobEnvelope => ({ roost: 1, input: { n } });

describe('a stored task', () => {
  const prefix = `test-${randomUUID()}`;
  let connection: Redis;
  let queue: Queue<JobEnvelope>;

  beforeAll(() => {
    connection = new Redis(process.env.TEST_REDIS_URL!, { maxRetriesPerRequest: null });
    queue = new Queue('some', { connection, prefix });
  });

  afterAll(async () => {
    await queue.obliterate({ force: true });
    await queue.close();
    connection.disconnect();
  });

  it('has its id as its key alone, its input as its data, and all its other options', async () => {
    const shared = new Queue<JobEnvelope>('some', { connection, prefix });
    storeShort(shared);
    const options = { attempts: 3, backoff: { type: 'fixed', delay: 5 }, priority: 2 };
    const toJob = (n: number) => ({
      name: 'one',
      data: envelope(n),
      opts: { jobId: `brief-${n}`, ...options },
    });
    const { name, data, opts } = toJob(1);
    await shared.add(name, data, opts);
    await shared.addBulk([toJob(2), toJob(3)]);
    for (const n of [1, 2, 3]) {
      const stored = await connection.hget(`${prefix}:some:brief-${n}`, 'opts');
      expect(JSON.parse(stored!)).toEqual(options);
      expect(await queue.getJob(`brief-${n}`)).toMatchObject({ id: `brief-${n}`, data: { n } });
    }
    const requestId = randomUUID();
    await shared.add('one', { ...envelope(4), requestId }, { jobId: 'brief-4' });
    const [short, shortOptions] = await connection.hmget(`${prefix}:some:brief-4`, 'data', 'opts');
    expect([short, shortOptions]).toEqual(['{"n":4}', expect.stringMatching(/^\{"rq":"[\w-]{22}"\}$/)]);
    expect(requestIdOf({ roost: 1, input: { n: 4 } }, (await queue.getJob('brief-4'))!.opts)).toBe(requestId);
    await shared.close();
  });
});
