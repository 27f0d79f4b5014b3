import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskView } from '../../src/model/task-view.js';
import type { TypeLimits } from '../../src/limits/limits.openapi.js';
import { ApiClient } from '../support/api-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const QUICK = { x: 1, y: 2 };
/** 1 s of work. */
const SLOW = { x: 1, y: 7, digits: 10, stepDelayMs: 100 };
/** A minute. */
const LONG = { x: 1, y: 7, digits: 300, stepDelayMs: 200 };

describe('limits of a task type', () => {
  let redis: RedisServer;
  let web: RunningApp;
  let api: ApiClient;
  const workers: RunningApp[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
    [web] = await Promise.all([
      startApp('web', { REDIS_URL: redis.url }),
      startWorker('alpha'),
      startWorker('beta'),
    ]);
    api = new ApiClient(web.url!);
  });

  afterEach(async () => {
    await api.call('DELETE', '/api/v1/limits/divide');
  });

  afterAll(async () => {
    await Promise.all([...workers.map((worker) => worker.stop()), web.stop()]);
    await redis.remove();
  });

  const startWorker = async (name: string) => {
    const worker = await startApp('worker', {
      REDIS_URL: redis.url,
      WORKER_NAME: name,
      WORKER_CONCURRENCY: '5',
      SHUTDOWN_TIMEOUT_MS: '3000',
      ...(name === 'alpha' ? {} : DEFAULT_QUEUE_ONLY),
    });
    workers.push(worker);
    return worker;
  };
  const put = async (body: object) => {
    const answer = await api.call('PUT', '/api/v1/limits/divide', body);
    return {
      status: answer.status,
      body: (await answer.json()) as TypeLimits & { fields?: { path: string; message: string }[] },
    };
  };
  const limits = () => api.get<TypeLimits>('/api/v1/limits/divide');
  const submit = (count: number, input: object) =>
    Promise.all(Array.from({ length: count }, () => api.submit('divide', input)));
  const done = (tasks: TaskView[], ms?: number) =>
    Promise.all(tasks.map(({ id }) => api.inState(id, ['completed'], ms)));
  const states = async (tasks: TaskView[]) =>
    (await Promise.all(tasks.map(({ id }) => api.task(id)))).map(({ state }) => state);
  const count = async (tasks: TaskView[], state: string) =>
    (await states(tasks)).filter((one) => one === state).length;

  it('are those that a task was submitted with, unless an operator has set a lower one', async () => {
    const limited = (type: string, input: object, options: object) =>
      api.submit(type, input, options).then(({ id }) => api.inState(id, ['failed']));
    const plain = await limited('divide', LONG, { softTimeoutMs: 200, hardTimeoutMs: 250 });
    expect(plain).toMatchObject({
      softTimeoutMs: 200,
      hardTimeoutMs: 250,
      error: { name: 'TaskTimeoutError' },
    });
    const isolated = await limited('count-primes', { upTo: 10_000_000_000 }, { hardTimeoutMs: 200 });
    expect(isolated.error!.message).toContain('200 ms');
    await put({ hardTimeoutMs: 150 });
    const ordered = await limited('divide', LONG, { hardTimeoutMs: 60_000 });
    expect(ordered.error!.message).toContain('150 ms');
    const refused = await api.call('POST', '/api/v1/tasks', {
      ...{ type: 'divide', input: QUICK },
      options: { softTimeoutMs: 2, hardTimeoutMs: 1 },
    });
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('soft limit')]);
  });

  it('are told with their value and where it comes from', async () => {
    const all = (await api.get<{ items: TypeLimits[] }>('/api/v1/limits')).items;
    expect(all.map(({ type }) => type)).toContain('divide');
    expect(await limits()).toMatchObject({ rate: { value: null, origin: 'default' }, override: null });
    const { status, body } = await put({
      rate: { max: 10, perMs: 1000 },
      hardTimeoutMs: 5000,
      reason: 'why not',
      forMs: 60_000,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      rate: { value: { max: 10, perMs: 1000 }, origin: 'override' },
      hardTimeoutMs: { value: 5000, origin: 'override' },
      softTimeoutMs: { origin: 'default' },
      override: { by: 'api', reason: 'why not', until: expect.any(String) },
    });
    expect(await limits()).toEqual(body);
  });

  it.each<[object, string, RegExp]>([
    [{}, 'body', /names no limit/],
    [{ concurrency: 0 }, 'concurrency', /from 1 to 100000, or null for none/],
    [{ rate: { max: 1 } }, 'rate', /"perMs"/],
    [{ rate: { max: 1, perMs: 1, x: 1 } }, 'rate', /"perMs"/],
    [{ softTimeoutMs: 200, hardTimeoutMs: 100 }, 'softTimeoutMs', /above the hard limit of 100 ms/],
    [{ concurrency: 1, until: '2020-01-01T00:00:00Z' }, 'until', /in the future/],
    [{ concurency: 1 }, 'concurency', /Did you mean `concurrency`/],
  ])('refuse %j and name the field', async (body, path, words) => {
    const answer = await put(body);
    expect(answer.status).toBe(422);
    expect(answer.body.fields).toMatchObject([{ path, message: expect.stringMatching(words) }]);
  });

  it('of an unknown type are not to be had', async () => {
    const answer = await api.call('GET', '/api/v1/limits/devide');
    expect(await answer.json()).toMatchObject({
      code: 'TASK_TYPE_UNKNOWN',
      detail: expect.stringContaining('Did you mean `divide`'),
    });
  });

  it('let no more run at once than they say, on all workers together; others pass by', async () => {
    await put({ concurrency: 3 });
    const tasks = await submit(9, SLOW);
    const other = await api.submit('process-text', { text: 'passes by', operation: 'upper' });
    await api.inState(other.id, ['completed']);
    const views = await done(tasks);
    expect(mostAtOnce(views)).toBe(3);
    const ranMs =
      Math.max(...views.map(({ finishedAt }) => Date.parse(finishedAt!))) -
      Math.min(...views.map(({ startedAt }) => Date.parse(startedAt!)));
    // Three rounds of a second: whoever ends calls the next at once.
    expect(ranMs).toBeLessThan(30_000);
    for (const view of views) expect(view.attempts.made).toBe(1);
    const { items } = await api.get<{ items: { outcome: string }[] }>(
      `/api/v1/tasks/${tasks[8]!.id}/attempts`,
    );
    expect(items.map(({ outcome }) => outcome)).toEqual(['completed']);
    expect(await limits()).toMatchObject({ slotsTaken: 0, held: 0 });
  });

  it('count what ran before they were set', async () => {
    const first = await submit(3, SLOW);
    await until('they run', async () => (await count(first, 'active')) === 3);
    await put({ concurrency: 3 });
    await until('they have slots', async () => (await limits()).slotsTaken === 3);
    const [next] = await submit(1, QUICK);
    await api.inState(next!.id, ['delayed']);
    await done([...first, next!]);
  });

  it('let no more start within any time than they say', async () => {
    await put({ rate: { max: 5, perMs: 1000 } });
    const tasks = await submit(22, QUICK);
    const starts = (await done(tasks)).map(({ startedAt }) => Date.parse(startedAt!)).sort((a, b) => a - b);
    // `startedAt` is told after it was let through, by as much as the machine is busy.
    for (let i = 5; i < starts.length; i++) expect(starts[i]! - starts[i - 5]!).toBeGreaterThan(600);
    expect(starts.at(-1)! - starts[0]!).toBeLessThan(30_000);
  });

  it('are over when their time is, and what they held back goes on', async () => {
    await put({ concurrency: 1, forMs: 2500 });
    const [long] = await submit(1, LONG);
    await api.inState(long!.id, ['active']);
    const held = await submit(3, QUICK);
    await until('they are held', async () => (await count(held, 'delayed')) === 3);
    await done(held, 8000);
    expect((await api.task(long!.id)).state).toBe('active');
    expect(await limits()).toMatchObject({ concurrency: { value: null, origin: 'default' }, override: null });
    await api.call('POST', `/api/v1/tasks/${long!.id}/cancel`, {});
  });

  it('let go of what they held back when they are lifted', async () => {
    await put({ rate: { max: 1, perMs: 3_600_000 } });
    const tasks = await submit(4, QUICK);
    await until('three are held', async () => (await count(tasks, 'delayed')) === 3);
    expect((await limits()).held).toBe(3);
    await api.call('DELETE', '/api/v1/limits/divide');
    await done(tasks, 3000);
  });

  it('give back the slots of a worker that was killed', async () => {
    const gamma = await startWorker('gamma');
    await put({ concurrency: 1 });
    for (let i = 0; i < 20; i++) {
      const [task] = await submit(1, LONG);
      const running = await api.inState(task!.id, ['active']);
      if (running.worker === 'gamma') {
        await until('it has a slot', async () => (await limits()).slotsTaken === 1);
        await gamma.kill();
        const [next] = await submit(1, QUICK);
        await api.inState(next!.id, ['delayed', 'waiting']);
        await api.inState(task!.id, ['waiting', 'active', 'delayed']);
        // The task itself runs again elsewhere and takes its slot; once it is cancelled the next one follows.
        await until(
          'it runs elsewhere',
          async () => {
            const { state, worker } = await api.task(task!.id);
            return state === 'active' && worker !== 'gamma';
          },
          30_000,
        );
        await api.call('POST', `/api/v1/tasks/${task!.id}/cancel`, {});
        await api.inState(next!.id, ['completed']);
        return;
      }
      await api.call('POST', `/api/v1/tasks/${task!.id}/cancel`, {});
      await api.inState(task!.id, ['cancelled']);
    }
    throw new Error('gamma never got one');
  });

  it('set time limits for what starts from now on', async () => {
    await put({ hardTimeoutMs: 500 });
    await until('it fails as timed out', async () => {
      const [task] = await submit(1, SLOW);
      const view = await api.inState(task!.id, ['failed', 'completed']);
      return view.state === 'failed' && /500 ms/.test(view.error!.message);
    });
    await put({ hardTimeoutMs: null });
    const [task] = await submit(1, SLOW);
    await done([task!]);
  });
});

/** Tasks under way at the busiest moment. A task's end is written some ms after its slot was given back. */
/**
 * A slot is free when the handler has ended, and `finishedAt` is written after that: the next task may be fetched in
 * between. Each run takes a second, so that a run too many still shows.
 */
const HANDOVER_MS = 300;

function mostAtOnce(tasks: TaskView[]): number {
  const spans = tasks.map(
    ({ startedAt, finishedAt }) => [Date.parse(startedAt!), Date.parse(finishedAt!) - HANDOVER_MS] as const,
  );
  return Math.max(...spans.map(([at]) => spans.filter(([from, to]) => from <= at && at < to).length));
}
