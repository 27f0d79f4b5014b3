import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue, type JobsOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Settings } from '../../../src/platform/config/settings.js';
import type { JobEnvelope } from '../../../src/bullmq/codec/job-envelope.js';
import { Queues, type TaskQueue } from '../../../src/bullmq/shared-queues.js';
import { withTaskCommands, type CommandRedis } from '../../../src/bullmq/task-commands.js';
import type { TaskReader } from '../../../src/bullmq/task-reader.js';
import type { TaskTransitions } from '../../../src/bullmq/task-transitions.js';
import type { TaskType } from '../../../src/registry/task-type.js';
import { AcceptTasks, type ReadyTask } from '../../../src/tasks/accept-tasks.js';
import { IdempotencyIndex } from '../../../src/tasks/idempotency-index.js';
import { recordTraffic } from '../../support/redis-traffic.js';

describe('AcceptTasks', () => {
  const prefix = `test-${randomUUID()}`;
  let connection: CommandRedis;
  let queue: TaskQueue;
  let other: TaskQueue;
  let queues: Queues;
  const expiries: unknown[][] = [];

  beforeAll(() => {
    connection = withTaskCommands(new Redis(process.env.TEST_REDIS_URL!, { maxRetriesPerRequest: null }));
    [queue, other] = ['some', 'other'].map((name) => new Queue(name, { connection, prefix })) as [
      TaskQueue,
      TaskQueue,
    ];
    queues = new Queues([queue, other]);
  });

  afterAll(async () => {
    await Promise.all([queue.obliterate({ force: true }), other.obliterate({ force: true })]);
    await Promise.all([queue.close(), other.close()]);
    connection.disconnect();
  });

  function accepting({ limit = 0, queues: own = queues } = {}): AcceptTasks {
    const reader = {
      findEnvelopes: async (id: string) =>
        (
          await Promise.all(
            queues.all().map(async (one) => {
              const job = await one.getJob(id);
              return job ? [{ queue: one, envelope: job.data }] : [];
            }),
          )
        ).flat(),
      view: async ({ envelope }: { envelope: JobEnvelope }) => ({ input: envelope.input }),
    } as unknown as TaskReader;
    const transitions = {
      recordExpiry: async (one: TaskQueue, id: string, at: number) =>
        void expiries.push([one.name, id, at, await one.getJobState(id)]),
    } as unknown as TaskTransitions;
    const settings = { QUEUE_LIMIT: limit, QUEUE_PREFIX: prefix } as Settings;
    return new AcceptTasks(
      ...([
        own,
        reader,
        transitions,
        new IdempotencyIndex(connection, queues, settings),
        connection,
      ] as const),
      settings,
    );
  }

  const task = (
    id: string,
    { of = 'some', n = 0, options = {}, ...more }: Partial<ReadyTask> & { of?: string; n?: number } = {},
  ): ReadyTask => ({
    type: { name: 'one', queue: of } as TaskType,
    id,
    envelope: { roost: 1, input: { n } },
    options: { jobId: id, ...options } as JobsOptions,
    expiresAt: undefined,
    isKeyed: false,
    ...more,
  });

  const keyed = (id: string, print: string, of = 'some'): ReadyTask =>
    task(id, {
      of,
      isKeyed: true,
      envelope: { roost: 1, fingerprint: print.padEnd(22, '-'), input: { print } },
    });

  it('adds each task to its queue, with its own options, in order', async () => {
    const tasks = Array.from({ length: 100 }, (_, n) => task(`some-${n}`, { n }));
    const last = task('other-1', { of: 'other', options: { delay: 60_000 } });
    expect(await accepting().acceptAll([...tasks, last])).toEqual(Array(101).fill({}));
    const jobs = await queue.getJobs(['waiting'], 0, -1, true);
    expect(jobs.map(({ id, name }) => [id, name])).toEqual(tasks.map(({ id }) => [id, 'one']));
    expect(await other.getJobCounts('waiting', 'delayed')).toEqual({ waiting: 0, delayed: 1 });
  });

  it('adds an id that is there already no second time', async () => {
    const same = [1, 2, 3].map(() => task('other-2', { of: 'other' }));
    await accepting().acceptAll(same);
    await accepting().acceptAll(same);
    expect(await other.getJobCountByTypes('waiting')).toBe(1);
  });

  it('refuses one that cannot be added and adds the others', async () => {
    const outcomes = await accepting().acceptAll([
      task('right-1'),
      task('wrong', { options: { parent: { id: 'nobody', queue: `${prefix}:other` } } }),
      task('right-2'),
    ]);
    expect(outcomes).toEqual([{}, expect.any(Error), {}]);
    expect(await Promise.all(['right-1', 'right-2'].map((id) => queue.getJobState(id)))).toEqual([
      'waiting',
      'waiting',
    ]);
  });

  it('accepts none whose script failed halfway, which left a job that no worker finds', async () => {
    const broken = new Queue('broken', { connection, prefix }) as TaskQueue;
    const accept = accepting({ queues: new Queues([broken, queue]) });
    await connection.set(broken.toKey('wait'), 'no list');
    const outcomes = await accept.acceptAll([
      task('half-1', { of: 'broken' }),
      task('half-2', { of: 'broken' }),
      task('whole'),
    ]);
    const failed = expect.objectContaining({ message: expect.stringContaining('WRONGTYPE') });
    expect(outcomes).toEqual([failed, failed, {}]);
    await connection.del(broken.toKey('wait'));
    await broken.obliterate({ force: true });
    await broken.close();
  });

  it('answers a key that was used by the same request with its task, and a key of another request with a conflict', async () => {
    expect(await accepting().acceptAll([keyed('key-1', 'a')])).toEqual([{}]);
    const [same, conflict, fresh, plain] = await accepting().acceptAll([
      keyed('key-1', 'a'),
      keyed('key-1', 'b'),
      keyed('key-2', 'b'),
      task('no-key'),
    ]);
    expect(same).toEqual({ earlier: { input: { print: 'a' } } });
    expect(conflict).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect([fresh, plain]).toEqual([{}, {}]);
    expect(await Promise.all(['key-2', 'no-key'].map((id) => queue.getJobState(id)))).toEqual([
      'waiting',
      'waiting',
    ]);
  });

  it('lets one of two requests with one key win that come at once, in one queue and across two', async () => {
    const [first, second] = await accepting().acceptAll([keyed('race-1', 'a'), keyed('race-1', 'b')]);
    expect([first, second]).toEqual([{}, expect.objectContaining({ code: 'IDEMPOTENCY_CONFLICT' })]);
    const [later, winner] = await accepting().acceptAll([
      keyed('race-2', 'a', 'other'),
      keyed('race-2', 'b'),
    ]);
    expect([later, winner]).toEqual([{}, expect.objectContaining({ code: 'IDEMPOTENCY_CONFLICT' })]);
    expect([await queue.getJobState('race-2'), await other.getJobState('race-2')]).toEqual([
      'unknown',
      'waiting',
    ]);
  });

  it('leaves a key free for another body once its task was deleted', async () => {
    expect(await accepting().acceptAll([keyed('free', 'a')])).toEqual([{}]);
    await queue.remove('free');
    expect(await accepting().acceptAll([keyed('free', 'b', 'other')])).toEqual([{}]);
  });

  it('lets one of many requests with one key win that come from several web apps, whatever their queues', async () => {
    for (let n = 0; n < 40; n++) {
      const answers = await Promise.all(
        Array.from({ length: 6 }, async (_, i) => {
          // So that the steps of one request fall between those of the others in all ways.
          for (let turn = 0; turn < (n * 7 + i * 3) % 11; turn++) await nextTurn();
          return accepting().acceptAll([keyed(`among-${n}`, `body ${i}`, i % 2 ? 'some' : 'other')]);
        }),
      );
      expect(answers.flat().filter((outcome) => !(outcome instanceof Error))).toHaveLength(1);
      const states = await Promise.all([queue, other].map((one) => one.getJobState(`among-${n}`)));
      expect(states.sort()).toEqual(['unknown', 'waiting']);
    }
  });

  it('claims keys once and adds once, in two round trips for all', async () => {
    await connection.ping();
    const traffic = recordTraffic(connection);
    await accepting().acceptAll(Array.from({ length: 5 }, (_, n) => keyed(`trips-${n}`, 'a')));
    // The last write releases the claims. Nobody waits for its reply.
    expect(traffic.writes).toBe(4);
    expect(traffic.trips).toMatch(/^wrwrwr?$/);
  });

  it('records when a task expires before the task is there', async () => {
    await accepting().acceptAll([task('expires', { expiresAt: 123 }), task('lasts')]);
    expect(expiries).toEqual([['some', 'expires', 123, 'unknown']]);
    expect(await queue.getJobState('expires')).toBe('waiting');
  });

  it('refuses what exceeds the limit of a queue, and nothing else', async () => {
    const limit = (await other.getJobCountByTypes('waiting', 'prioritized', 'delayed')) + 1;
    const outcomes = await accepting({ limit }).acceptAll([
      task('room-1', { of: 'other' }),
      task('room-2', { of: 'other' }),
    ]);
    expect(outcomes).toEqual([{}, expect.objectContaining({ code: 'QUEUE_FULL' })]);
    expect(await other.getJobState('room-2')).toBe('unknown');
  });

  it('rejects all where Redis cannot be reached', async () => {
    const lost = withTaskCommands(
      new Redis({ port: 1, lazyConnect: true, retryStrategy: null, enableOfflineQueue: false }),
    );
    lost.on('error', () => undefined);
    const queues = new Queues([new Queue('some', { connection: lost, prefix })]);
    const none = undefined as never;
    const accept = new AcceptTasks(
      ...([
        queues,
        none,
        none,
        new IdempotencyIndex(lost, queues, { QUEUE_PREFIX: prefix } as Settings),
        lost,
      ] as const),
      { QUEUE_LIMIT: 0 } as Settings,
    );
    await expect(accept.acceptAll([keyed('lost', 'a')])).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
    lost.disconnect();
  });
});
