import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { FlowProducer, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { AttemptView, TaskPage, TaskView } from '../../src/model/task-view.js';
import type { WhyView } from '../../src/tasks/task-queries.openapi.js';
import { ApiClient } from '../support/api-client.js';
import { problemOf } from '../support/problem-of.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

const OF = `?queue=${encodeURIComponent('bull:mail')}`;

describe('tasks of another program', () => {
  let roost: Roost;
  let api: ApiClient;
  let redis: Redis;
  let queue: Queue;
  let worker: Worker | undefined;
  let isBad = true;

  beforeAll(async () => {
    roost = await Roost.start({ worker: false });
    api = new ApiClient(roost.url);
    redis = new Redis(roost.redis.url);
    queue = new Queue('mail', { connection: { url: roost.redis.url } });
  });

  afterEach(async () => {
    await worker?.close(true);
    worker = undefined;
    isBad = true;
  });

  afterAll(async () => {
    await queue?.close();
    redis?.disconnect();
    await roost?.stop();
  });

  const self = (id: string, verb = '') => `/api/v1/tasks/${encodeURIComponent(id)}${verb}${OF}`;

  function work(hold?: Promise<void>): void {
    const run = async () => {
      await hold;
      if (isBad) throw new Error('no such mailbox');
      return 'sent';
    };
    worker = new Worker('mail', run, { connection: { url: roost.redis.url } });
  }

  async function added(options: object = {}): Promise<string> {
    const { id } = await queue.add('letter', { to: 'ada' }, options);
    return id!;
  }

  function recorded(id: string, state: TaskView['state']): Promise<TaskView> {
    return until(`${id} is recorded as ${state}`, async () => {
      const task = await api.get(self(id));
      return task.state === state && task;
    });
  }

  async function failed(): Promise<string> {
    work();
    const id = await added({ attempts: 2 });
    await recorded(id, 'failed');
    return id;
  }

  it('that failed is retried with all its attempts, and its story goes on', async () => {
    const id = await failed();
    isBad = false;
    const answer = await api.call('POST', self(id, '/retry'));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ id, queue: 'bull:mail', attempts: { max: 2 } });
    const task = await recorded(id, 'completed');
    expect(task).toMatchObject({ result: 'sent', attempts: { made: 1 } });
    const { items } = await api.get<{ items: AttemptView[] }>(self(id, '/attempts'));
    expect(items.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'completed']);
    expect(await problemOf(await api.call('POST', self(id, '/retry')), 409)).toMatchObject({
      code: 'TASK_STATE_CONFLICT',
      state: 'completed',
    });
  });

  it('that is delayed runs now, and one that waits is not promoted', async () => {
    const id = await added({ delay: 600_000 });
    await recorded(id, 'delayed');
    expect((await api.call('POST', self(id, '/promote'))).status).toBe(200);
    expect(await (await queue.getJob(id))!.getState()).toBe('waiting');
    expect((await api.get(self(id))).state).toBe('waiting');
    await problemOf(await api.call('POST', self(id, '/promote')), 409);
    expect((await api.call('DELETE', self(id))).status).toBe(204);
  });

  it('that does not run is deleted from Redis and from the history; one that runs is not touched', async () => {
    const waiting = await added();
    const scheduled = await added({ delay: 600_000 });
    await recorded(waiting, 'waiting');
    await recorded(scheduled, 'delayed');
    for (const id of [waiting, scheduled]) {
      expect((await api.call('DELETE', self(id))).status).toBe(204);
      expect(await queue.getJob(id)).toBeUndefined();
      expect((await api.call('GET', self(id))).status).toBe(404);
    }

    let letGo = (): void => undefined;
    work(new Promise((resolve) => (letGo = resolve)));
    const running = await added();
    await recorded(running, 'active');
    const lock = await redis.get(`bull:mail:${running}:lock`);
    const problem = await problemOf(await api.call('DELETE', self(running)), 409);
    expect(problem).toMatchObject({ code: 'TASK_STATE_CONFLICT', state: 'active' });
    expect(await redis.get(`bull:mail:${running}:lock`)).toBe(lock);
    isBad = false;
    letGo();
    await recorded(running, 'completed');
    expect((await api.call('DELETE', self(running))).status).toBe(204);
    expect(await queue.getJob(running)).toBeUndefined();
  });

  it('that Redis has dropped goes out of the history, and cannot be retried', async () => {
    const id = await failed();
    await redis.del(`bull:mail:${id}`);
    await redis.zrem('bull:mail:failed', id);
    const problem = await problemOf(await api.call('POST', self(id, '/retry')), 409);
    expect(problem.detail).toMatch(/only the history has it/);
    expect((await api.call('DELETE', self(id))).status).toBe(204);
    expect((await api.call('GET', self(id))).status).toBe(404);
  });

  it('that is part of a flow is left to its program', async () => {
    const flows = new FlowProducer({ connection: { url: roost.redis.url } });
    const tree = await flows.add({
      name: 'parent',
      queueName: 'mail',
      children: [{ name: 'child', queueName: 'mail' }],
    });
    const child = tree.children![0]!.job.id!;
    await recorded(child, 'waiting');
    const problem = await problemOf(await api.call('DELETE', self(child)), 409);
    expect(problem.detail).toMatch(/part of a flow/);
    expect(await queue.getJob(child)).toBeDefined();
    await flows.close();
    await queue.drain();
  });

  it('shows why it waits: children that failed, a pause, no worker', async () => {
    const why = (id: string) => api.get<WhyView>(self(id, '/why'));
    const flows = new FlowProducer({ connection: { url: roost.redis.url } });
    const tree = await flows.add({
      name: 'parent',
      queueName: 'mail',
      children: [{ name: 'child', queueName: 'mail' }],
    });
    const parent = tree.job.id!;
    work();
    await recorded(tree.children![0]!.job.id!, 'failed');
    await worker!.close();
    await recorded(parent, 'waiting-children');
    expect((await why(parent)).summary).toBe(
      'One of its children failed with "no such mailbox", and it waits until that child has completed.',
    );
    expect(
      (await api.get<TaskPage>('/api/v1/tasks?q=state:waiting-children')).items.map(({ id }) => id),
    ).toContain(parent);
    const html = await (await api.call('GET', `/tasks/${parent}${OF}`)).text();
    expect(html).toContain('failed with &quot;no such mailbox&quot;');
    expect(html).not.toContain('has a free slot');
    await flows.close();

    await queue.pause();
    const waiting = await added();
    await recorded(waiting, 'waiting');
    expect((await why(waiting)).blockers.map(({ code }) => code)).toEqual(['QUEUE_PAUSED', 'NO_WORKER']);
    await queue.resume();
    expect((await why(waiting)).blockers.map(({ code }) => code)).toEqual(['NO_WORKER']);
    await queue.drain();
  });

  it('that is the next run of a schedule stays: a copy runs now, with the data as it is stored', async () => {
    const { id } = (await queue.upsertJobScheduler(
      'nightly',
      { pattern: '0 3 1 1 *' },
      { name: 'report', opts: { attempts: 3 } },
    ))!;
    await redis.hset(`bull:mail:${id}`, 'data', '{"id":1970670598291982290}');
    await recorded(id!, 'delayed');
    const page = await (await api.call('GET', `/tasks/${encodeURIComponent(id!)}${OF}`)).text();
    expect(page).toContain('Run a copy now');
    expect(page).not.toContain('id="act-delete"');
    expect(await problemOf(await api.call('DELETE', self(id!)), 409)).toMatchObject({ reason: 'schedule' });

    const answer = await api.call('POST', self(id!, '/promote'));
    expect(answer.status).toBe(201);
    const copy = (await answer.json()) as TaskView;
    expect(copy).toMatchObject({ type: 'report', origin: id, attempts: { made: 0, max: 3 } });
    expect(answer.headers.get('location')).toBe(copy.links.self);
    expect(await redis.hmget(`bull:mail:${copy.id}`, 'data', 'rjk')).toEqual([
      '{"id":1970670598291982290}',
      null,
    ]);
    const runs = await queue.getJobSchedulers();
    expect(await queue.getDelayed()).toHaveLength(1);
    isBad = false;
    work();
    await recorded(copy.id, 'completed');
    expect(await queue.getJobSchedulers()).toEqual(runs);
    expect(await (await queue.getJob(id!))!.getState()).toBe('delayed');
    await queue.removeJobScheduler('nightly');
  });

  it('is acted on whatever its id and its data are', async () => {
    for (const id of ['a/b', '.', '~.', 'bulk', `"'\n🐦`, 'x'.repeat(300)]) {
      await added({ jobId: id, delay: 600_000 });
      await redis.hset(`bull:mail:${id}`, 'data', 'no JSON {');
      await until(`${id} is recorded`, async () => {
        const { items } = await api.get<TaskPage>('/api/v1/tasks?state=delayed&queue=bull:mail');
        return items.find((task) => task.id === id);
      });
      const { items } = await api.get<TaskPage>('/api/v1/tasks?state=delayed&queue=bull:mail');
      const { links } = items.find((task) => task.id === id)!;
      expect((await api.get<TaskView>(links.self)).id).toBe(id);
      expect((await api.call('GET', links.page)).status).toBe(200);
      const at = (verb: string) => links.self.replace('?', `${verb}?`);
      expect((await api.get<WhyView>(at('/why'))).id).toBe(id);
      expect((await api.call('POST', at('/promote'))).status).toBe(200);
      expect((await api.call('DELETE', links.self)).status).toBe(204);
    }
  });

  it('has the digits that are stored, wherever it is shown', async () => {
    const stored = '{"id":1970670598291982290,"exp":1e400,"t":0.10,"a":1,"a":2}';
    const id = await added();
    await redis.hset(`bull:mail:${id}`, 'data', stored);
    // Data that another program changes in a job are read again at its end.
    work();
    await recorded(id, 'failed');
    const text = async (path: string) => (await api.call('GET', path)).text();
    const list = `/api/v1/tasks?q=id:${id}&queue=bull:mail`;
    expect(await text(self(id))).toContain(`"input":${stored}`);
    expect(await text(list)).toContain(`"input":${stored}`);
    expect(await text(`/api/v1/tasks/export?format=ndjson&q=id:${id}`)).toContain(`"input":${stored}`);
    expect(await text(`/api/v1/tasks/export?format=csv&q=id:${id}`)).toContain('1970670598291982290');
    expect((await text(self(id, '/input'))).replaceAll(/\s/g, '')).toBe(stored);
    const page = await text(`/tasks/${id}${OF}`);
    expect(page).toContain('1970670598291982290');
    expect(page).not.toContain('1970670598291982300');
  }, 60_000);

  it('is not put back into a paused queue of an older BullMQ, which would lose it', async () => {
    const id = await failed();
    await redis.hset('bull:mail:meta', { paused: 1, version: 'bullmq:5.58.0' });
    const problem = await problemOf(await api.call('POST', self(id, '/retry')), 409);
    expect(problem.detail).toMatch(/Resume the queue first/);
    await redis.hdel('bull:mail:meta', 'paused');
    expect((await api.call('POST', self(id, '/retry'))).status).toBe(200);
    await recorded(id, 'failed');
  });

  it('is not cancelled, not deleted with an undo, and not touched unless its queue is named', async () => {
    const id = await failed();
    for (const [method, path] of [
      ['POST', self(id, '/cancel')],
      ['DELETE', `${self(id)}&undoMs=1000`],
      ['POST', `/api/v1/tasks/${id}/retry`],
      ['DELETE', `/api/v1/tasks/${id}`],
    ] as const) {
      const problem = await problemOf(await api.call(method, path), 409);
      expect(problem.detail).toContain('bull:mail');
    }
    expect(await (await queue.getJob(id))!.getState()).toBe('failed');
  });

  it('is acted on from its page as well, and the audit has it', async () => {
    const id = await failed();
    const page = async () => (await api.call('GET', `/tasks/${id}${OF}`)).text();
    const html = await page();
    expect(html).toContain('id="act-retry"');
    expect(html).toContain('id="act-delete"');
    expect(html).not.toContain('id="act-promote"');
    expect(html).not.toContain('id="act-cancel"');
    isBad = false;
    const post = (verb: string) =>
      fetch(`${roost.url}/tasks/${id}/${verb}${OF}`, { method: 'POST', redirect: 'manual' });
    const answer = await post('retry');
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe(`/tasks/${id}${OF}&flash=retried`);
    await recorded(id, 'completed');
    expect(await page()).not.toContain('id="act-retry"');
    expect((await post('delete')).headers.get('location')).toBe('/tasks?flash=deleted');
    await until('it is gone', async () => (await api.call('GET', self(id))).status === 404);
    const { items } = await api.get<{ items: { path: string; targets: string[] }[] }>(
      `/api/v1/audit?permission=tasks.act&target=${id}`,
    );
    const paths = [`/tasks/${id}/delete`, `/tasks/${id}/retry`];
    expect(items.map(({ path }) => path)).toEqual(paths);
    for (const { targets } of items) expect(targets).toEqual([id, 'bull:mail']);
  });
});
