import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue, Worker } from 'bullmq';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttemptView, LogLine, TaskView, TransitionView } from '../../src/model/task-view.js';
import { newTaskId } from '../../src/bullmq/task-ids.js';
import { ApiClient } from '../support/api-client.js';
import { EventStream } from '../support/event-stream.js';
import { expectGoodProblem } from '../support/expect-problem.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { ScratchBuild } from '../support/scratch-build.js';
import { until } from '../support/until.js';

interface Items<Item> {
  items: Item[];
}

/** The problem document of an answer that is to have this status. */
async function refused(answer: Response, status: number) {
  const body = (await answer.json()) as Record<string, string>;
  expect(body).toMatchObject({ status });
  expectGoodProblem({ status: answer.status, headers: answer.headers, body, ms: 0 });
  return body;
}

/** Redis keeps one completed task here: what a test is about is dropped by the next. */
describe('a task that Redis has dropped', () => {
  let build: ScratchBuild;
  let redis: RedisServer;
  let apps: RunningApp[] = [];
  let folder: string;
  let api: ApiClient;

  beforeAll(async () => {
    build = new ScratchBuild('task-types-story');
    redis = await RedisServer.start();
    folder = mkdtempSync(join(tmpdir(), 'roost-story-'));
    const env = {
      REDIS_URL: redis.url,
      HISTORY_URL: `file:${join(folder, 'history.db')}`,
      TASK_RETENTION_COMPLETED_COUNT: '1',
      APP_VERSION: 'v7',
    };
    apps = await Promise.all([startApp('web', env, build.folder), startApp('worker', env, build.folder)]);
    api = new ApiClient(apps[0]!.url!);
    await until(
      'the history is recorded',
      async () =>
        (await api.get<{ recorder: { state: string } }>('/api/v1/history')).recorder.state === 'recording',
    );
  });

  afterAll(async () => {
    await Promise.all(apps.map((app) => app.stop()));
    await redis?.remove();
    build?.remove();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** Completed, and not in Redis any more. */
  async function dropped(input: object, options?: object, type = 'flaky'): Promise<TaskView> {
    const { id } = await api.submit(type, input, options);
    await api.inState(id, ['completed']);
    // Dropped before it is read, a task would leave only what the events tell.
    await until('it is recorded', async () => {
      const { items } = await api.get<Items<TaskView>>(`/api/v1/tasks?q=id:${id}`);
      return items[0]?.state === 'completed';
    });
    const next = await api.submit('flaky', {});
    await api.inState(next.id, ['completed']);
    return api.task(id);
  }

  it('still has everything: itself, its attempts with errors, its way, its log and progress', async () => {
    const input = { failures: 1, steps: 2, stepMs: 5, ballast: `it's "quoted" $(x)` };
    const task = await dropped(input, { tags: ['nightly'], priority: 3 });
    expect(task).toMatchObject({
      source: 'history',
      kept: 'history',
      state: 'completed',
      input,
      result: { attempt: 2, ballast: input.ballast },
      attempts: { made: 2, max: 3 },
      tags: ['nightly'],
      priority: 3,
    });
    const attempts = await api.get<Items<AttemptView>>(`${task.links.self}/attempts`);
    expect(attempts.items).toMatchObject([
      {
        number: 1,
        outcome: 'failed',
        worker: task.worker,
        error: { name: 'TheWeather', stack: expect.stringContaining('TheWeather: Rain in attempt 1') },
      },
      { number: 2, outcome: 'completed', worker: task.worker },
    ]);
    const way = await api.get<Items<TransitionView>>(`${task.links.self}/transitions`);
    expect(way.items.map(({ state }) => state)).toEqual([
      ...['waiting', 'active', 'delayed', 'waiting', 'active', 'completed'],
    ]);
    expect(way.items[1]).toMatchObject({ attempt: 1, detail: `on ${task.worker}` });
    expect(way.items[2]!.detail).toContain('Rain in attempt 1');
    const logs = await api.get<Items<LogLine> & { total: number }>(task.links.logs);
    expect(logs.items.map(({ n, attempt, text }) => [n, attempt, text])).toEqual([
      [0, 1, 'attempt 1, step 1'],
      [1, 1, 'attempt 1, step 2'],
      [2, 2, 'attempt 2, step 1'],
      [3, 2, 'attempt 2, step 2'],
    ]);
    expect(logs.total).toBe(4);
    const later = await api.get<Items<LogLine>>(`${task.links.logs}?after=3`);
    expect(later.items.map(({ n }) => n)).toEqual([3]);
  });

  it('has the progress that was stored with its end, which came too soon for a report before it', async () => {
    const isLast = { percent: 100, done: 2, total: 2, message: expect.stringContaining('Digit 1 of 1') };
    const { id, links } = await api.submit('divide', { x: 1, y: 2 });
    expect(await api.inState(id, ['completed'])).toMatchObject({ progress: isLast });
    const { items: attempts } = await api.get<Items<AttemptView>>(`${links.self}/attempts`);
    expect(attempts).toMatchObject([{ outcome: 'completed', version: 'v7' }]);
    const live = await api.get<Items<object>>(`${links.self}/progress`);
    expect(live.items.at(-1)).toMatchObject(isLast);
    const task = await dropped({ x: 1, y: 2 }, {}, 'divide');
    expect(task).toMatchObject({ source: 'history', progress: isLast });
    const { items } = await api.get<Items<object>>(`${task.links.self}/progress`);
    expect(items.at(-1)).toMatchObject(isLast);
    expect(items.filter((item) => JSON.stringify(item) === JSON.stringify(items.at(-1)))).toHaveLength(1);
  });

  it('is told once to who listens, and not again', async () => {
    const task = await dropped({});
    const stream = await EventStream.open(api.url + task.links.events);
    const end = await stream.waitFor(({ event }) => event === 'end');
    expect(stream.names()).toEqual(['snapshot', 'end']);
    expect(stream.events[0]!.data.task).toMatchObject({ id: task.id, kept: 'history' });
    const again = await api.call('GET', task.links.events, undefined, { 'last-event-id': end.id! });
    expect(again.status).toBe(204);
  });

  it('was told as completed to who listened while Redis dropped it', async () => {
    const { id, links } = await api.submit('flaky', { steps: 3, stepMs: 100 });
    const stream = await EventStream.open(api.url + links.events);
    const [next] = await Promise.all([
      api.submit('flaky', { steps: 1, stepMs: 0 }, { delayMs: 250 }),
      stream.waitFor(({ event, data }) => event === 'state' && data.task.state === 'completed'),
    ]);
    await api.inState(next.id, ['completed']);
    stream.close();
    expect(stream.names()).not.toContain('removed');
    expect((await api.task(id)).state).toBe('completed');
  });

  it('cannot be acted on, can be submitted again, and is gone once it is deleted', async () => {
    const task = await dropped({ failures: 0 });
    for (const verb of ['cancel', 'retry', 'promote']) {
      const problem = await refused(await api.call('POST', `${task.links.self}/${verb}`), 409);
      expect(problem).toMatchObject({ code: 'TASK_STATE_CONFLICT', source: 'history', kept: 'history' });
    }
    const page = await (await api.call('GET', task.links.page)).text();
    expect(page).toContain('From the history');
    const again = await fetch(`${api.url}${task.links.page}/again`, { method: 'POST', redirect: 'manual' });
    expect(again.headers.get('location')).toMatch(/^\/tasks\/[^?]+\?flash=submitted$/);
    const id = again.headers.get('location')!.split(/[/?]/)[2];
    expect(await api.inState(id!, ['completed'])).toMatchObject({
      rerunOf: task.id,
      origin: task.id,
      input: task.input,
    });

    expect((await api.call('DELETE', task.links.self)).status).toBe(204);
    for (const path of [
      '',
      '/attempts',
      '/transitions',
      '/logs',
      '/progress',
      '/input',
      '/result',
      '/events',
    ])
      await refused(await api.call('GET', task.links.self + path), 410);
    expect((await api.call('GET', task.links.page)).status).toBe(410);
  });

  it('is gone at once when it was deleted while Redis had it', async () => {
    const { id, links } = await api.submit('flaky', {}, { delayMs: 3_600_000 });
    await until(
      'the history knows it',
      async () => (await api.get<Items<TaskView>>(`/api/v1/tasks?q=id:${id}`)).items.length === 1,
    );
    expect((await api.call('DELETE', links.self)).status).toBe(204);
    await refused(await api.call('GET', links.self), 410);
  });

  it('of an id that was never given out is not found', async () => {
    await refused(await api.call('GET', '/api/v1/tasks/nobody'), 404);
    await refused(await api.call('GET', `/api/v1/tasks/${newTaskId()}`), 410);
    await refused(await api.call('GET', '/api/v1/tasks/1?queue=bull:nobody'), 404);
  });

  it('asked of another queue is said to be where it is, and never acted on', async () => {
    const { id, queue, links } = await api.submit('flaky', {}, { delayMs: 3_600_000 });
    expect((await api.call('GET', `${links.self}?queue=${queue}`)).status).toBe(200);
    for (const other of ['cpu', 'bull:mail', 'nowhere']) {
      const calls = [
        ...['', '/attempts', '/transitions', '/logs', '/progress', '/input', '/events', '/why'].map(
          (path) => ['GET', path] as const,
        ),
        ...['/retry', '/promote', '/cancel'].map((path) => ['POST', path] as const),
        ['DELETE', ''] as const,
      ];
      for (const [method, path] of calls) {
        const answer = await api.call(method, `${links.self}${path}?queue=${encodeURIComponent(other)}`);
        const { code, detail } = await refused(answer, 404);
        expect([method, path, code, detail]).toEqual([
          method,
          path,
          'TASK_NOT_FOUND',
          expect.stringContaining(`in the queue \`${other}\`: it is in \`${queue}\``),
        ]);
      }
      const page = await api.call('GET', `${links.page}?queue=${other}`, undefined, { accept: 'text/html' });
      expect(page.status).toBe(404);
    }
    expect(await api.get(links.self)).toMatchObject({ id, state: 'delayed' });
  });

  it('gives its input and result as files, whole', async () => {
    const ballast = 'ä"\\'.repeat(20_000);
    const task = await dropped({ ballast });
    for (const part of ['input', 'result'] as const) {
      const answer = await api.call('GET', `${task.links.self}/${part}`);
      expect(answer.headers.get('content-disposition')).toBe(
        `attachment; filename="${task.id}-${part}.json"`,
      );
      expect(await answer.json()).toMatchObject({ ballast });
    }
    const page = await (await api.call('GET', task.links.page)).text();
    expect(page.length).toBeLessThan(60_000);
    expect(page).toContain(`href="${task.links.self}/result"`);
    const waiting = await api.submit('flaky', {}, { delayMs: 3_600_000 });
    const problem = await refused(await api.call('GET', `${waiting.links.self}/result`), 409);
    expect(problem.detail).toBe('The task is delayed, so it has no result.');
  });

  it('of another program is read from the history, and not acted on', async () => {
    const connection = { url: redis.url };
    const queue = new Queue('mail', { connection });
    const worker = new Worker('mail', async (job) => (await job.log('sent'), { sent: job.data.to }), {
      connection,
      autorun: false,
    });
    try {
      await queue.add('send', { to: 'ada@example.org' }, { jobId: 'a/b?c' });
      const self = `/api/v1/tasks/${encodeURIComponent('a/b?c')}`;
      const of = '?queue=bull%3Amail';
      await until('it is known', async () => (await api.call('GET', self + of)).ok);
      const stream = await EventStream.open(`${api.url}${self}/events${of}`);
      await stream.waitFor(({ event, data }) => event === 'snapshot' && data.task.state === 'waiting');
      void worker.run();
      await stream.waitFor(({ event, data }) => event === 'state' && data.task.state === 'completed');
      await stream.waitFor(({ event }) => event === 'end');
      const task = await api.get(self + of);
      expect(task).toMatchObject({
        queue: 'bull:mail',
        kept: 'history',
        result: { sent: 'ada@example.org' },
      });
      expect(task.links.page).toBe(`/tasks/${encodeURIComponent('a/b?c')}${of}`);
      expect((await api.get<Items<AttemptView>>(`${self}/attempts${of}`)).items).toMatchObject([
        { number: 1, outcome: 'completed' },
      ]);
      const page = await (await api.call('GET', task.links.page)).text();
      expect(page).toContain('Of another program');
      // Its program may have it taken away; all else is for those that failed or are delayed.
      expect(page.match(/id="act-\w+"/g)).toEqual(['id="act-delete"']);
      for (const [method, path] of [
        ['POST', '/retry'],
        ['POST', '/cancel'],
        ['DELETE', ''],
      ] as const) {
        const problem = await refused(await api.call(method, self + path), 409);
        expect(problem.detail).toContain("`bull:mail` is not one of Roost's");
      }
      expect(await queue.getJob('a/b?c')).toBeDefined();
    } finally {
      await worker.close();
      await queue.close();
    }
  });
});
