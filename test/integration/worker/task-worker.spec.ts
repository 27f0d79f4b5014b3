import { afterEach, describe, expect, it } from '@jest/globals';
import { Queue, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { SharedClock } from '../../../src/platform/clock.js';
import type { CompletedJob } from '../../../src/bullmq/patches/completion-script.js';
import type { LostLock } from '../../../src/bullmq/patches/patched-worker.js';
import { TaskWorker } from '../../../src/worker/task-worker.js';

describe('TaskWorker', () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  it('names the lock that was lost, so that a later lock of the same job is not taken for it', async () => {
    const connection = new Redis(process.env.TEST_REDIS_URL!, { maxRetriesPerRequest: null });
    const prefix = `test-${randomUUID()}`;
    const queue = new Queue('locks', { connection, prefix });
    let endRun = () => {};
    const held = new Promise<void>((resolve) => (endRun = resolve));
    let begun = (_run: { id: string; token: string }) => {};
    const started = new Promise<{ id: string; token: string }>((resolve) => (begun = resolve));
    const worker = new TaskWorker(
      'locks',
      async (job: Job, token = '') => {
        begun({ id: job.id!, token });
        await held;
      },
      { connection, prefix },
      new SharedClock(),
    );
    ends.push(
      async () => {
        endRun();
        await worker.close();
      },
      () => queue.obliterate({ force: true }),
      () => queue.close(),
      () => Promise.resolve(connection.disconnect()),
    );
    const lost: LostLock[] = [];
    worker.onLocksLost = (locks) => lost.push(...locks);
    await queue.add('any', {});
    const { id, token } = await started;
    expect(await worker.extendJobLocks([id], [token], 30_000)).toEqual([]);
    expect(lost).toEqual([]);
    expect(await worker.extendJobLocks([id], ['an-earlier-lock'], 30_000)).toEqual([id]);
    expect(lost).toEqual([{ taskId: id, token: 'an-earlier-lock' }]);
  });

  describe('completes jobs', () => {
    const RESULTS = [7, null, 'naïve ☃', { nested: ['é'.repeat(300)] }];

    /** Runs one job for each result, one after the other, and returns what is stored of them. */
    async function complete(isBare = false, between?: (redis: Redis) => unknown) {
      const connection = new Redis(process.env.TEST_REDIS_URL!, { maxRetriesPerRequest: null });
      const prefix = `test-${randomUUID()}`;
      const queue = new Queue('results', { connection, prefix });
      await queue.addBulk(
        RESULTS.map((_, n) => ({ name: 'any', data: { n }, opts: { jobId: `job-${n}☃`, attempts: n } })),
      );
      await queue.add('any', { n: 0 }, { jobId: 'removed', removeOnComplete: true });
      const run = async ({ data }: Job<{ n: number }>) => {
        await between?.(connection);
        return RESULTS[data.n];
      };
      const options = { connection, prefix, name: 'wörker', metrics: { maxDataPoints: 10 } };
      const worker = isBare
        ? new Worker('results', run, options)
        : new TaskWorker('results', run, options, new SharedClock());
      ends.push(
        () => worker.close(),
        () => queue.obliterate({ force: true }),
        () => queue.close(),
        () => Promise.resolve(connection.disconnect()),
      );
      await new Promise<void>((resolve) => worker.on('drained', resolve));
      const hashes = await Promise.all(
        RESULTS.map((_, n) => connection.hgetall(`${prefix}:results:job-${n}☃`)),
      );
      return {
        counts: await queue.getJobCounts(),
        removed: await connection.exists(`${prefix}:results:removed`),
        hashes: hashes.map(({ timestamp, processedOn, finishedOn, ...hash }) => hash),
        locks: await connection.keys(`${prefix}:*:lock`),
        hasTimes: hashes.every(({ processedOn, finishedOn }) => Number(finishedOn) >= Number(processedOn)),
      };
    }

    it("like BullMQ's own worker", async () => {
      const own = await complete();
      expect(own.counts.completed).toBe(RESULTS.length);
      expect(own.hasTimes).toBe(true);
      expect(own).toEqual(await complete(true));
    });

    it('when Redis has forgotten its scripts', async () => {
      const { counts } = await complete(false, (redis) => redis.script('FLUSH'));
      expect(counts).toMatchObject({ completed: RESULTS.length, failed: 0 });
    });

    it('with the fields of their last report, whoever encodes the command', async () => {
      const connection = new Redis(process.env.TEST_REDIS_URL!, { maxRetriesPerRequest: null });
      const prefix = `test-${randomUUID()}`;
      const queue = new Queue('progress', { connection, prefix });
      const reports = ['{"done":1,"total":2}', `{"done":2,"total":2,"message":"${'é☃'.repeat(200)}"}`];
      const KEPT = { removeOnComplete: 5 };
      await queue.addBulk(
        [{}, KEPT].flatMap((opts) => reports.map((report) => ({ name: 'any', data: { report }, opts }))),
      );
      await queue.add('none', {});
      const worker = new TaskWorker(
        'progress',
        (job: CompletedJob) => {
          if (job.name === 'any')
            job.lastFields = { progress: (job.data as { report: string }).report, other: 'é' };
          return Promise.resolve();
        },
        { connection, prefix },
        new SharedClock(),
      );
      ends.push(
        () => worker.close(),
        () => queue.obliterate({ force: true }),
        () => queue.close(),
        () => Promise.resolve(connection.disconnect()),
      );
      await new Promise<void>((resolve) => worker.on('drained', resolve));
      const jobs = await queue.getJobs('completed', 0, -1, true);
      expect(jobs).toHaveLength(5);
      for (const { id, name, data } of jobs) {
        const stored = await connection.hmget(`${prefix}:progress:${id}`, 'progress', 'other');
        expect(stored).toEqual(name === 'any' ? [(data as { report: string }).report, 'é'] : [null, null]);
      }
    });
  });
});
