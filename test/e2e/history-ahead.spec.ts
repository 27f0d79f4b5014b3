import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Queue, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { FollowedQueues } from '../../src/history/recording/followed-queues.js';
import { withJobCommands } from '../../src/bullmq/job-reader.js';
import { withStreamCommands } from '../../src/bullmq/event-streams.js';
import { Reconciler } from '../../src/history/recording/reconciler.js';
import { StreamFollower } from '../../src/history/recording/stream-follower.js';
import type { RecordingStore } from '../../src/history/ports/recording-store.js';
import { toAsynchronous } from '../../src/history/sqlite/asynchronous.js';
import { RecordingEngine } from '../../src/history/sqlite/recording-engine.js';
import { withoutDuplicates } from '../../src/tasks/merge-live-and-history.js';
import { until } from '../support/until.js';

const url = process.env.TEST_REDIS_URL!;
/** Jobs whose events fill more than one batch of the follower. */
const FILLERS = 1600;

/** The recorder's own parts on a real Redis, in an order that is the test's to choose. */
describe('an end that the reconciler finds before its event is read', () => {
  let prefix: string;
  let redis: Redis;
  let queue: Queue;
  let engine: RecordingEngine;
  let follower: StreamFollower;
  let reconcile: () => Promise<void>;
  let isBad = true;

  beforeEach(async () => {
    prefix = `ahead-${randomUUID()}`;
    isBad = true;
    redis = new Redis(url, { maxRetriesPerRequest: null });
    const commands = withJobCommands(withStreamCommands(redis));
    queue = new Queue('mail', { connection: { url }, prefix });
    await queue.waitUntilReady();
    engine = new RecordingEngine({ file: ':memory:' });
    const store = toAsynchronous<RecordingStore>(engine);
    const queues = new FollowedQueues(`${prefix}-own`, ['default', 'cpu']);
    const followed = queues.addByName(`${prefix}:mail`);
    follower = new StreamFollower(commands, store, queues);
    reconcile = async () => {
      const reconciler = new Reconciler(commands, store, follower, followed, undefined);
      while ((await reconciler.step()) === 'more');
    };
  });

  afterEach(async () => {
    await queue.close();
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.del(keys);
    redis.disconnect();
    engine.close();
  });

  async function follow(): Promise<void> {
    while ((await follower.step()).hasMore);
  }

  /** Runs what waits until `job` is in this state. */
  async function settle(job: Job, state: 'completed' | 'failed'): Promise<void> {
    const worker = new Worker(
      'mail',
      ({ name }) => (name === 'bad' && isBad ? Promise.reject(new Error('no')) : Promise.resolve('fine')),
      { connection: { url }, prefix },
    );
    await until(`the job is ${state}`, async () => (await job.getState()) === state);
    await worker.close();
  }

  function numbers() {
    const [all] = engine.numbers({ from: 0, to: Date.now() + 86_400_000, step: 'all' });
    const { added, completed, failed } = all!;
    return { added, completed, failed };
  }

  function states(job: Job): string[] {
    return withoutDuplicates(engine.transitions(job.id!, `${prefix}:mail`)).map(({ state }) => state);
  }

  it('is counted once, of a job not known before and of one that is', async () => {
    const known = await queue.add('good', {});
    await follow();
    const unknown = await queue.add('good', {});
    await settle(unknown, 'completed');
    await reconcile();
    expect(numbers()).toEqual({ added: 2, completed: 2, failed: 0 });
    await follow();
    expect(numbers()).toEqual({ added: 2, completed: 2, failed: 0 });
    for (const job of [known, unknown]) expect(states(job)).toEqual(['waiting', 'active', 'completed']);
    await reconcile();
    expect(numbers()).toEqual({ added: 2, completed: 2, failed: 0 });
  });

  it('is counted once where the clock of who added the job is ahead', async () => {
    const job = await queue.add('good', {}, { timestamp: Date.now() + 3000 });
    await settle(job, 'completed');
    await reconcile();
    await follow();
    expect(numbers()).toMatchObject({ added: 1, completed: 1 });
  });

  it('is counted beside the end before it, from which the job was put back', async () => {
    const job = await queue.add('bad', {});
    await settle(job, 'failed');
    isBad = false;
    await job.retry('failed');
    await settle(job, 'completed');
    await reconcile();
    await follow();
    expect(numbers()).toEqual({ added: 1, completed: 1, failed: 1 });
    expect(states(job)).toEqual(['waiting', 'active', 'failed', 'waiting', 'active', 'completed']);
  });

  it('is counted beside the end before it also where a batch ends between the two', async () => {
    // Last in, first out: the others wait on when it is put back.
    const job = await queue.add('bad', {}, { lifo: true });
    await settle(job, 'failed');
    await queue.addBulk(Array.from({ length: FILLERS }, () => ({ name: 'filler', data: {} })));
    isBad = false;
    await job.retry('failed', { resetAttemptsMade: true });
    await settle(job, 'completed');
    await reconcile();
    await follower.step();
    expect(numbers()).toMatchObject({ completed: expect.any(Number), failed: 1 });
    await follow();
    const done = await queue.getCompletedCount();
    expect(numbers()).toEqual({ added: FILLERS + 1, completed: done, failed: 1 });
  });

  it('is counted once where the job waits again before the event is read', async () => {
    const job = await queue.add('bad', {});
    await queue.addBulk(Array.from({ length: FILLERS }, () => ({ name: 'filler', data: {} })));
    await settle(job, 'failed');
    await reconcile();
    expect(numbers()).toMatchObject({ failed: 1 });
    await job.retry('failed');
    await follower.step();
    expect(engine.get(job.id!, `${prefix}:mail`)?.state).toBe('waiting');
    await follow();
    expect(numbers()).toMatchObject({ failed: 1 });
  });

  it('is not taken for the next one, where its own event is lost', async () => {
    const job = await queue.add('bad', {});
    await settle(job, 'failed');
    await reconcile();
    await redis.xtrim(`${prefix}:mail:events`, 'MAXLEN', 0);
    await job.retry('failed');
    await settle(job, 'failed');
    await follow();
    expect(numbers()).toEqual({ added: 1, completed: 0, failed: 2 });
  });
});
