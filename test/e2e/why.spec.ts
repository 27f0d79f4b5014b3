import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkerView } from '../../src/workers/workers.openapi.js';
import type { Blocker, WhyView } from '../../src/tasks/task-queries.openapi.js';
import { ApiClient } from '../support/api-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

const QUICK = { x: 1, y: 2 };
/** A minute. */
const LONG = { x: 1, y: 7, digits: 300, stepDelayMs: 200 };

describe("why isn't it running?", () => {
  let redis: RedisServer;
  let web: RunningApp;
  let worker: RunningApp;
  let api: ApiClient;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const env = { REDIS_URL: redis.url };
    [web, worker] = await Promise.all([
      startApp('web', env),
      startApp('worker', {
        ...env,
        WORKER_NAME: 'alpha',
        WORKER_QUEUES: 'default',
        WORKER_CONCURRENCY: '2',
        SHUTDOWN_TIMEOUT_MS: '3000',
      }),
    ]);
    api = new ApiClient(web.url!);
  });

  afterEach(async () => {
    await post('/api/v1/queues/default/drain', { delayed: true });
    const { items } = await api.get<{ items: { id: string }[] }>('/api/v1/tasks?state=active');
    await Promise.all(items.map(({ id }) => post(`/api/v1/tasks/${id}/cancel`)));
    await api.call('DELETE', '/api/v1/limits/divide');
    await post('/api/v1/queues/default/resume');
    await post('/api/v1/queues/default/rate-limit', { max: null });
    await post('/api/v1/queues/default/concurrency', { value: null });
    await until(
      'nothing runs',
      async () => (await api.get<{ total: number }>('/api/v1/tasks?state=active')).total === 0,
    );
  });

  afterAll(async () => {
    await Promise.all([worker.stop(), web.stop()]);
    await redis.remove();
  });

  const post = (path: string, body?: object) => api.call('POST', path, body);
  const why = (id: string) => api.get<WhyView>(`/api/v1/tasks/${id}/why`);
  const submit = async (input: object = QUICK, options?: object) =>
    (await api.submit('divide', input, options)).id;
  const run = async (input: object) => {
    const id = await submit(input);
    await api.inState(id, ['active']);
    return id;
  };
  const blocked = async (id: string, code: Blocker['code']) => {
    let found: WhyView | undefined;
    await until(`${code} is told`, async () => {
      found = await why(id);
      return found.blockers.some((blocker) => blocker.code === code);
    });
    return { view: found!, blocker: found!.blockers.find((blocker) => blocker.code === code)! };
  };

  it('QUEUE_PAUSED: by whom, why and until when', async () => {
    await post('/api/v1/queues/default/pause', { reason: 'new database', forMs: 60_000 });
    const { view, blocker } = await blocked(await submit(), 'QUEUE_PAUSED');
    expect(view.summary).toBe('The queue default is paused by api: new database.');
    expect(Date.parse(blocker.until!) - Date.parse(blocker.since!)).toBe(60_000);
    expect(view.estimate!.startAt).toBe(blocker.until);
    await post('/api/v1/queues/default/pause');
    expect((await why(view.id)).estimate).toMatchObject({
      startInMs: null,
      basis: expect.stringContaining('queue is resumed'),
    });
  });

  it('BEHIND: how many', async () => {
    await post('/api/v1/queues/default/pause');
    const ids = [];
    for (let i = 0; i < 4; i++) ids.push(await submit());
    const { view, blocker } = await blocked(ids[3]!, 'BEHIND');
    expect(view.position).toEqual({ ahead: 3, atLeast: false });
    expect(blocker.message).toBe('3 tasks are before it in the queue default.');
    const urgent = await submit(QUICK, { priority: 1 });
    expect((await why(urgent)).position).toEqual({ ahead: 4, atLeast: false });
  });

  it('DELAYED: until when', async () => {
    const { view, blocker } = await blocked(await submit(QUICK, { delayMs: 60_000 }), 'DELAYED');
    expect(Date.parse(blocker.until!) - Date.parse(blocker.since!)).toBe(60_000);
    expect(view).toMatchObject({ position: null, estimate: { startAt: blocker.until } });
  });

  it('RETRY_WAIT: which attempt failed with what', async () => {
    const id = await submit(
      { x: 1, y: 7, digits: 10, stepDelayMs: 100 },
      { attempts: 3, backoff: { type: 'fixed', delayMs: 60_000 } },
    );
    await api.inState(id, ['active']);
    await api.call('PUT', '/api/v1/limits/divide', { hardTimeoutMs: 100 });
    // Time limits are those of the attempt's start: what ran before the change is not held to it.
    await api.inState(id, ['completed']);
    const timed = await submit(
      { x: 1, y: 7, digits: 10, stepDelayMs: 100 },
      { attempts: 3, backoff: { type: 'fixed', delayMs: 60_000 } },
    );
    const { blocker } = await blocked(timed, 'RETRY_WAIT');
    expect(blocker.message).toMatch(
      /^Attempt 1 of 3 failed with "Timed out: .*100 ms"; it waits to be tried again\.$/,
    );
    expect(Date.parse(blocker.until!)).toBeGreaterThan(Date.now() + 50_000);
  });

  it('RATE_LIMITED: until when', async () => {
    await post('/api/v1/queues/default/rate-limit', { max: 1, perMs: 60_000 });
    await submit();
    const { view, blocker } = await blocked(await submit(), 'RATE_LIMITED');
    expect(blocker.message).toBe(
      'The queue default starts at most 1 task per minute (set by api), and this limit is used up.',
    );
    expect(Date.parse(blocker.until!)).toBeGreaterThan(Date.now() + 50_000);
    expect(view.estimate!.startAt).toBe(blocker.until);
  });

  it('TYPE_RATE_LIMITED: until when', async () => {
    await api.call('PUT', '/api/v1/limits/divide', { rate: { max: 1, perMs: 60_000 }, reason: 'spare it' });
    await submit();
    const id = await submit();
    await api.inState(id, ['delayed']);
    const { blocker } = await blocked(id, 'TYPE_RATE_LIMITED');
    expect(blocker.message).toBe(
      'The rate limit of divide of 1 start per minute is used up (set by api: spare it).',
    );
    expect(Date.parse(blocker.until!)).toBeGreaterThan(Date.now() + 50_000);
  });

  it('forgets a limit that was lifted', async () => {
    await api.call('PUT', '/api/v1/limits/divide', { rate: { max: 1, perMs: 600_000 } });
    await submit();
    const id = await submit(
      { x: 1, y: 7, digits: 20, stepDelayMs: 100 },
      { attempts: 2, backoff: { type: 'fixed', delayMs: 60_000 } },
    );
    await blocked(id, 'TYPE_RATE_LIMITED');
    await api.call('PUT', '/api/v1/limits/divide', { hardTimeoutMs: 100 });
    const { view } = await blocked(id, 'RETRY_WAIT');
    expect(view.blockers).toHaveLength(1);
  });

  it('TYPE_CONCURRENCY_FULL: with which tasks', async () => {
    await api.call('PUT', '/api/v1/limits/divide', { concurrency: 1 });
    const running = await run(LONG);
    const id = await submit();
    const { view, blocker } = await blocked(id, 'TYPE_CONCURRENCY_FULL');
    expect(blocker).toMatchObject({
      message: 'At most 1 divide task runs at once (set by api), and 1 does.',
      tasks: [{ id: running, type: 'divide', worker: 'alpha', href: `/tasks/${running}` }],
    });
    expect(view.estimate!.startInMs).toBeNull();
  });

  it('CONCURRENCY_FULL: which tasks have the slots, the longest running first', async () => {
    const first = await run(LONG);
    const second = await run(LONG);
    const { blocker } = await blocked(await submit(), 'CONCURRENCY_FULL');
    expect(blocker.message).toBe('All 2 slots of the workers that serve default are in use.');
    expect(blocker.tasks!.map(({ id }) => id)).toEqual([first, second]);
    expect(blocker.tasks![0]!.runMs!).toBeGreaterThan(blocker.tasks![1]!.runMs!);
  });

  it('CONCURRENCY_FULL: by the limit of the queue', async () => {
    await post('/api/v1/queues/default/concurrency', { value: 1 });
    const running = await run(LONG);
    const { blocker } = await blocked(await submit(), 'CONCURRENCY_FULL');
    expect(blocker).toMatchObject({
      message: 'The queue default runs at most 1 at once (set by api), and 1 runs.',
      tasks: [{ id: running }],
    });
  });

  it('WORKERS_PAUSED', async () => {
    const { items } = await api.get<{ items: WorkerView[] }>('/api/v1/workers');
    const { id } = items.find(({ name }) => name === 'alpha')!;
    await post(`/api/v1/workers/${id}/pause`);
    const task = await submit();
    const { view, blocker } = await blocked(task, 'WORKERS_PAUSED');
    expect(blocker.message).toBe('The only worker that serves the queue default is paused.');
    expect(view.estimate!.startInMs).toBeNull();
    await post(`/api/v1/workers/${id}/resume`);
    await api.inState(task, ['completed']);
  });

  it('NO_WORKER', async () => {
    const { id } = await api.submit('count-primes', { upTo: 100 });
    const { view } = await blocked(id, 'NO_WORKER');
    expect(view.summary).toBe('No worker serves the queue cpu.');
    expect(view.estimate).toMatchObject({ startInMs: null, basis: 'It depends on when a worker starts.' });
  });

  it('tells of a task that does not wait what it does', async () => {
    const running = await run(LONG);
    expect(await why(running)).toMatchObject({
      state: 'active',
      summary: expect.stringMatching(/^It is running since .* on alpha\.$/),
      blockers: [],
      position: null,
      estimate: null,
    });
    await post(`/api/v1/tasks/${running}/cancel`, { reason: 'enough' });
    await api.inState(running, ['cancelled']);
    expect((await why(running)).summary).toMatch(
      /^It was cancelled by api at .*: enough\. A retry puts it back into its queue\.$/,
    );
    const answer = await api.call('GET', '/api/v1/tasks/nope/why');
    expect(answer.status).toBe(404);
  });

  it('guesses the start from what finished lately', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, () => submit()));
    await Promise.all(ids.map((id) => api.inState(id, ['completed'])));
    await Promise.all([run(LONG), run(LONG)]);
    const waiting = await submit();
    let view: WhyView | undefined;
    await until(
      'there is a guess',
      async () => ((view = await why(waiting)).estimate?.startInMs ?? null) !== null,
      25_000,
    );
    expect(view!.estimate!.basis).toMatch(
      /tasks a minute of this queue finished over the last .*; 0 are before it\./,
    );
    expect(view!.estimate!.startInMs!).toBeGreaterThan(0);
  });
});
