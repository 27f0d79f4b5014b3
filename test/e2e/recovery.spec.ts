import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AttemptView } from '../../src/model/task-view.js';
import { ApiClient } from '../support/api-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

/** Slow enough to be caught in the middle, short enough to be run again: 4 s. */
const SLOW = { x: 1, y: 7, digits: 20, stepDelayMs: 200 };

describe('when something dies', () => {
  let redis: RedisServer;
  let web: RunningApp;
  let api: ApiClient;
  let workers: Map<string, RunningApp>;
  /** Name of the worker that dies with its task, and of the one that runs the task again. */
  let killed: string;
  let other: string;
  /** Apps that started while Redis was away. */
  let late: RunningApp[];
  const env = (more: Record<string, string> = {}) => ({
    REDIS_URL: redis.url,
    ...DEFAULT_QUEUE_ONLY,
    ...more,
  });

  beforeAll(async () => {
    redis = await RedisServer.start({ appendOnly: true });
    const [first, second, app] = await Promise.all([
      startApp('worker', env({ WORKER_NAME: 'first' })),
      startApp('worker', env({ WORKER_NAME: 'second' })),
      startApp('web', env()),
    ]);
    workers = new Map(Object.entries({ first, second }));
    web = app;
    api = new ApiClient(web.url!);
  });

  afterAll(async () => {
    await web.stop();
    await redis.remove();
  });

  const status = async (name: string) =>
    (
      await api.get<{ items: { name: string; status: string; left?: string }[] }>('/api/v1/workers')
    ).items.find((worker) => worker.name === name);

  it('runs a task of a killed worker again on another within 15 s, and reports the lost attempt', async () => {
    const { id } = await api.submit('divide', SLOW);
    await until('the task has made progress', async () => (await api.task(id)).progress?.done);
    killed = (await api.task(id)).worker!;
    other = killed === 'first' ? 'second' : 'first';
    expect(await status(killed)).toMatchObject({ status: 'online' });

    await workers.get(killed)!.kill();
    const killedAt = Date.now();
    await until('the other worker runs it', async () => (await api.task(id)).worker === other);
    expect(Date.now() - killedAt).toBeLessThan(60_000);

    const done = await api.inState(id, ['completed', 'failed']);
    expect(done).toMatchObject({
      state: 'completed',
      result: { quotient: 1 / 7 },
      attempts: { made: 1, max: 1 },
    });
    const { items } = await api.get<{ items: AttemptView[] }>(`/api/v1/tasks/${id}/attempts`);
    expect(items).toMatchObject([
      { number: 1, worker: killed, outcome: 'lost' },
      { number: 2, worker: other, outcome: 'completed' },
    ]);
  });

  it('lists a killed worker as offline within 10 s and one that was stopped with its reason', async () => {
    await workers.get(other)!.stop();
    expect(await status(other)).toMatchObject({ status: 'offline', left: 'stopped by SIGTERM' });
    await until(
      'the killed one is offline',
      async () => (await status(killed))?.status === 'offline',
      10_000,
    );
  });

  it('finishes what runs when a worker is asked to stop, and starts nothing new', async () => {
    const worker = await startApp('worker', env({ WORKER_CONCURRENCY: '1' }));
    const running = await api.submit('divide', { ...SLOW, digits: 10 });
    const waiting = await api.submit('divide', { ...SLOW, digits: 10 });
    await api.inState(running.id, ['active']);
    const { code } = await worker.stop();
    expect(code).toBe(0);
    expect((await api.task(running.id)).state).toBe('completed');
    expect((await api.task(waiting.id)).state).toBe('waiting');
    await api.call('POST', `/api/v1/tasks/${waiting.id}/cancel`);
  });

  it('gives a task back that is not done by the time limit of a stop', async () => {
    const worker = await startApp('worker', env({ SHUTDOWN_TIMEOUT_MS: '1500' }));
    const { id } = await api.submit('divide', SLOW);
    await until('the task has made progress', async () => (await api.task(id)).progress?.done);
    const { code } = await worker.stop();
    expect(code).toBe(0);
    expect(await api.task(id)).toMatchObject({ state: 'waiting', attempts: { made: 0 } });
    await api.call('POST', `/api/v1/tasks/${id}/cancel`);
  });

  it('refuses within 2 s while Redis is gone, says how to repeat safely, and works on by itself after', async () => {
    const worker = await startApp('worker', env());
    const before = await api.submit('divide', { ...SLOW, digits: 10 });
    await api.inState(before.id, ['active']);
    await redis.kill();

    for (let i = 0; i < 3; i++) {
      const startedAt = Date.now();
      const answer = await api.call('POST', '/api/v1/tasks', { type: 'divide', input: { x: 1, y: 2 } });
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).not.toBeNull();
      expect(Date.now() - startedAt).toBeLessThan(20_000);
      const problem = (await answer.json()) as { code: string; detail: string };
      expect(problem.code).toBe('REDIS_UNAVAILABLE');
      expect(problem.detail).toMatch(/outcome is unknown.*same Idempotency-Key/);
    }
    expect((await api.call('GET', '/health/ready')).status).toBe(503);
    expect((await api.call('GET', '/health/live')).status).toBe(200);

    await redis.startAgain();
    await until('ready again', async () => (await api.call('GET', '/health/ready')).ok);
    const after = await api.submit('divide', { x: 10, y: 2 });
    expect(await api.inState(after.id, ['completed', 'failed'])).toMatchObject({ state: 'completed' });
    expect(await api.inState(before.id, ['completed', 'failed'])).toMatchObject({ state: 'completed' });
    expect(web.isRunning && worker.isRunning).toBe(true);
    await worker.stop();
  });

  it('accepts a task once that was submitted while Redis was frozen and repeated with its key', async () => {
    const key = { 'idempotency-key': 'frozen' };
    const body = { type: 'divide', input: { x: 1, y: 3 } };
    redis.freeze();
    const refused = await api.call('POST', '/api/v1/tasks', body, key);
    redis.thaw();
    expect(refused.status).toBe(503);
    const again = await until('accepted', async () => {
      const answer = await api.call('POST', '/api/v1/tasks', body, key);
      return answer.ok && ((await answer.json()) as { id: string });
    });
    const { items } = await api.get<{ items: { id: string }[] }>('/api/v1/tasks?state=waiting');
    expect(items.map(({ id }) => id)).toEqual([again.id]);
    await api.call('POST', `/api/v1/tasks/${again.id}/cancel`);
  });

  it('starts while Redis is away and gets to work when it comes', async () => {
    await redis.stop();
    late = await Promise.all([startApp('web', env()), startApp('worker', env())]);
    const client = new ApiClient(late[0]!.url!);
    expect(
      (await client.call('POST', '/api/v1/tasks', { type: 'divide', input: { x: 1, y: 2 } })).status,
    ).toBe(503);
    await redis.startAgain();
    await until('ready', async () => (await client.call('GET', '/health/ready')).ok);
    const { id } = await client.submit('divide', { x: 1, y: 2 });
    expect(await client.inState(id, ['completed', 'failed'])).toMatchObject({ state: 'completed' });
  });

  it('ends at once when asked to while Redis is away', async () => {
    await redis.stop();
    const askedAt = Date.now();
    const exits = await Promise.all(late.map((app) => app.stop()));
    expect(exits.map(({ code }) => code)).toEqual([0, 0]);
    expect(Date.now() - askedAt).toBeLessThan(20_000);
    await redis.startAgain();
    await until('ready again', async () => (await api.call('GET', '/api/v1/queues')).ok);
  });
});
