import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { requestIdOf, type JobEnvelope } from '../../../src/bullmq/codec/job-envelope.js';
import { storeShort } from '../../../src/bullmq/patches/stored-job.js';
import { AddCoalescer } from '../../../src/tasks/add-coalescer.js';

const envelope = (n: number): JobEnvelope => ({ roost: 1, input: { n } });

describe('GatheredAdds', () => {
  const prefix = `test-${randomUUID()}`;
  let connection: Redis;
  let queue: Queue<JobEnvelope>;
  let other: Queue<JobEnvelope>;

  beforeAll(() => {
    connection = new Redis(process.env.TEST_REDIS_URL!, { maxRetriesPerRequest: null });
    queue = new Queue('some', { connection, prefix });
    other = new Queue('other', { connection, prefix });
  });

  afterAll(async () => {
    await Promise.all([queue.obliterate({ force: true }), other.obliterate({ force: true })]);
    await Promise.all([queue.close(), other.close()]);
    connection.disconnect();
  });

  it('adds what comes at once, each to its queue, with its own options, in the order it came', async () => {
    const adds = new AddCoalescer();
    await Promise.all([
      ...Array.from({ length: 450 }, (_, n) => adds.add(queue, 'one', envelope(n), { jobId: `some-${n}` })),
      adds.add(other, 'two', envelope(1), { jobId: 'other-1', delay: 60_000 }),
    ]);
    const jobs = await queue.getJobs(['waiting'], 0, -1, true);
    expect(jobs.map(({ id, data }) => [id, data])).toEqual(
      Array.from({ length: 450 }, (_, n) => [`some-${n}`, envelope(n)]),
    );
    expect(await other.getJobCounts('waiting', 'delayed')).toEqual({ waiting: 0, delayed: 1 });
  });

  it('adds an id that is there already no second time', async () => {
    const adds = new AddCoalescer();
    await Promise.all([1, 2, 3].map(() => adds.add(other, 'two', envelope(2), { jobId: 'other-2' })));
    expect(await other.getJobCountByTypes('waiting')).toBe(1);
  });

  it('refuses one that cannot be added and takes the others that came with it', async () => {
    const adds = new AddCoalescer();
    const outcomes = await Promise.allSettled(
      ['right-1', 'wrong:1', 'right-2'].map((jobId, n) => adds.add(queue, 'one', envelope(n), { jobId })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await Promise.all(['right-1', 'right-2'].map((id) => queue.getJobState(id)))).toEqual([
      'waiting',
      'waiting',
    ]);
  });

  it('stores the id of a task as its key alone, its input as its data, and all its other options', async () => {
    const shared = new Queue<JobEnvelope>('some', { connection, prefix });
    storeShort(shared);
    const adds = new AddCoalescer();
    const options = { attempts: 3, backoff: { type: 'fixed', delay: 5 }, priority: 2 };
    // One alone, and two in one round trip.
    await adds.add(shared, 'one', envelope(1), { jobId: 'brief-1', ...options });
    await Promise.all(
      [2, 3].map((n) => adds.add(shared, 'one', envelope(n), { jobId: `brief-${n}`, ...options })),
    );
    for (const n of [1, 2, 3]) {
      const stored = await connection.hget(`${prefix}:some:brief-${n}`, 'opts');
      expect(JSON.parse(stored!)).toEqual(options);
      expect(await queue.getJob(`brief-${n}`)).toMatchObject({ id: `brief-${n}`, data: { n } });
    }
    const requestId = randomUUID();
    await adds.add(shared, 'one', { ...envelope(4), requestId }, { jobId: 'brief-4' });
    const [data, opts] = await connection.hmget(`${prefix}:some:brief-4`, 'data', 'opts');
    expect([data, opts]).toEqual(['{"n":4}', expect.stringMatching(/^\{"rq":"[\w-]{22}"\}$/)]);
    expect(requestIdOf({ roost: 1, input: { n: 4 } }, (await queue.getJob('brief-4'))!.opts)).toBe(requestId);
    await shared.close();
  });
});
