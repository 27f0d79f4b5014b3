import { afterEach, describe, expect, it } from '@jest/globals';
import { Queue, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { SharedClock } from '../../../src/platform/clock.js';
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
});
