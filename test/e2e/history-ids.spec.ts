import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { AttemptView, TaskView, TransitionView } from '../../src/model/task-view.js';
import { ApiClient } from '../support/api-client.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

interface Listing {
  items: TaskView[];
  total: number;
}

describe('an id that is used again', () => {
  let roost: Roost;
  let api: ApiClient;
  let redis: Redis;
  const open: { close(): Promise<unknown> }[] = [];

  beforeAll(async () => {
    roost = await Roost.start({ env: DEFAULT_QUEUE_ONLY });
    api = new ApiClient(roost.url);
    redis = new Redis(roost.redis.url);
  });

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  afterAll(async () => {
    redis?.disconnect();
    await roost?.stop();
  });

  /** A queue of another program with a worker that fails what is to fail. */
  function program(name: string): Queue {
    const connection = { url: roost.redis.url };
    const queue = new Queue(name, { connection });
    const worker = new Worker(
      name,
      (job) => (job.data.bad ? Promise.reject(new Error(`no ${job.data.n}`)) : Promise.resolve(job.data.n)),
      { connection },
    );
    open.push(queue, worker);
    return queue;
  }

  async function found(q: string, n: number): Promise<TaskView[]> {
    return until(`${q} finds ${n}`, async () => {
      const list = await api.get<Listing>(`/api/v1/tasks?${new URLSearchParams({ q, sort: 'created' })}`);
      return list.total === n && list.items.every(({ finishedAt }) => finishedAt) && list.items;
    });
  }

  async function counted(queue: string) {
    const params = new URLSearchParams({ range: '1h', queue });
    const numbers = await api.get<{ total: Record<string, unknown> }>(`/api/v1/stats?${params}`);
    return numbers.total;
  }

  const story = async (task: TaskView) => {
    const part = <Part>(name: string) => {
      const url = new URL(task.links.self, roost.url);
      return api.get<{ items: Part[] }>(`${url.pathname}/${name}${url.search}`).then(({ items }) => items);
    };
    const [attempts, transitions] = await Promise.all([
      part<AttemptView>('attempts'),
      part<TransitionView>('transitions'),
    ]);
    return {
      outcomes: attempts.map(({ outcome }) => outcome),
      states: transitions.map(({ state }) => state),
    };
  };

  it('by another program, as its job is dropped when it ends, leaves every task listed with its own story', async () => {
    const queue = program('report');
    const runs: TaskView[][] = [];
    for (const [n, bad] of [
      [1, false],
      [2, true],
      [3, false],
    ] as const) {
      await queue.add('report', { n, bad }, { jobId: 'daily', removeOnComplete: true, removeOnFail: true });
      runs.push(await found('queue:bull:report', n));
    }
    const [first, second, third] = runs.at(-1)!;
    expect(third).toMatchObject({ id: 'daily', state: 'completed', result: 3 });
    expect(second).toMatchObject({ id: `daily~${second!.createdAt}`, state: 'failed' });
    expect(first).toMatchObject({ id: `daily~${first!.createdAt}`, state: 'completed', result: 1 });
    for (const task of [first!, third!])
      expect(await story(task)).toEqual({
        outcomes: ['completed'],
        states: ['waiting', 'active', 'completed'],
      });
    expect(await story(second!)).toEqual({ outcomes: ['failed'], states: ['waiting', 'active', 'failed'] });
    expect((await found('id:daily*', 3)).map(({ id }) => id)).toContain('daily');
    expect(await counted('bull:report')).toMatchObject({ added: 3, completed: 2, failed: 1 });

    const page = await (await fetch(`${roost.url}${second!.links.page}`)).text();
    expect(page).toContain('no 2');
    expect(page).toContain(second!.id);
  });

  it('by another program, as fast as it can, is counted and listed each time', async () => {
    const queue = program('busy');
    const name = 'bull:busy:again';
    for (let n = 1; n <= 25; n++) {
      await queue.add(
        'busy',
        { n, bad: n % 5 === 0 },
        { jobId: 'again', removeOnComplete: true, removeOnFail: true },
      );
      await until('it has run and is gone', async () => (await redis.exists(name)) === 0);
    }
    const tasks = await found('queue:bull:busy', 25);
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(25);
    expect(tasks.filter(({ id }) => id === 'again')).toEqual([tasks.at(-1)]);
    expect(tasks.flatMap(({ result }) => result ?? [])).toEqual(
      Array.from({ length: 25 }, (_, i) => i + 1).filter((n) => n % 5 !== 0),
    );
    expect(await counted('bull:busy')).toMatchObject({ added: 25, completed: 20, failed: 5, retried: 0 });
  });

  it('by another program, after the first was removed, is a new task, and the first is gone', async () => {
    const queue = program('tidy');
    const first = await queue.add('tidy', { n: 1, bad: true }, { jobId: 'nightly' });
    await found('queue:bull:tidy state:failed', 1);
    await first.remove();
    await queue.add('tidy', { n: 2 }, { jobId: 'nightly' });
    const [task] = await found('queue:bull:tidy state:completed', 1);
    expect(task).toMatchObject({ id: 'nightly', result: 2, attempts: { made: 1 } });
    expect(await story(task!)).toEqual({
      outcomes: ['completed'],
      states: ['waiting', 'active', 'completed'],
    });
    expect(await found('queue:bull:tidy', 1)).toHaveLength(1);
    expect(await counted('bull:tidy')).toMatchObject({ added: 2, completed: 1, failed: 1 });
  });

  describe('by an Idempotency-Key', () => {
    const divide = (key: string, x: number) =>
      api.submit('divide', { x, y: 4 }, { tags: [key] }, { 'idempotency-key': key });

    it('after the first was deleted, is a new task, and the first is gone', async () => {
      const first = await divide('again', 1);
      await api.inState(first.id, ['completed']);
      await found('tag:again', 1);
      expect((await api.call('DELETE', first.links.self)).status).toBe(204);
      expect((await api.call('GET', first.links.self)).status).toBe(410);
      const second = await divide('again', 9);
      expect(second.id).toBe(first.id);
      await api.inState(second.id, ['completed']);
      const [task, ...others] = await found('tag:again', 1);
      expect(others).toEqual([]);
      expect(task).toMatchObject({ input: { x: 9, y: 4 }, attempts: { made: 1 } });
      expect(await story(task!)).toEqual({
        outcomes: ['completed'],
        states: ['waiting', 'active', 'completed'],
      });
    });

    it('after Redis has dropped the first by its retention, leaves both listed with their own stories', async () => {
      const before = await counted('default');
      const first = await divide('kept', 1);
      await api.inState(first.id, ['completed']);
      const [seen] = await found('tag:kept', 1);
      // As BullMQ's retention does it: without an event.
      await redis.del(`roost:default:${first.id}`, `roost:default:${first.id}:logs`);
      await redis.zrem('roost:default:completed', first.id);
      expect(await api.task(first.id)).toMatchObject({ kept: 'history' });
      const second = await divide('kept', 9);
      expect(second.id).toBe(first.id);
      await api.inState(second.id, ['completed']);
      const [old, now] = await found('tag:kept', 2);
      expect(old).toMatchObject({ id: `${first.id}~${seen!.createdAt}`, input: { x: 1, y: 4 } });
      expect(now).toMatchObject({ id: first.id, input: { x: 9, y: 4 } });
      for (const task of [old!, now!])
        expect(await story(task)).toEqual({
          outcomes: ['completed'],
          states: ['waiting', 'active', 'completed'],
        });
      const after = await counted('default');
      const more = (name: string) => Number(after[name]) - Number(before[name]);
      expect([more('added'), more('completed')]).toEqual([2, 2]);
    });
  });
});
