import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { ScratchBuild } from '../support/scratch-build.js';
import { until } from '../support/until.js';

const ALL = ['default', 'cpu', 'mail', 'spare'];

describe('a queue that a task type names', () => {
  let build: ScratchBuild;
  let redis: RedisServer;
  let web: RunningApp;
  let worker: RunningApp;
  let api: ApiClient;
  const env = (more: Record<string, string> = {}) => ({ REDIS_URL: redis.url, QUEUES: 'spare', ...more });

  beforeAll(async () => {
    build = new ScratchBuild('task-types-queue');
    redis = await RedisServer.start();
    [web, worker] = await Promise.all([
      startApp('web', env(), build.folder),
      startApp('worker', env({ WORKER_NAME: 'all' }), build.folder),
    ]);
    api = new ApiClient(web.url!);
  });

  afterAll(async () => {
    await Promise.all([web.stop(), worker.stop()]);
    await redis.remove();
    build.remove();
  });

  it('is there for the API, the pages, the workers and the history, without a further line', async () => {
    const queues = await api.get<{ items: { name: string }[] }>('/api/v1/queues');
    expect(queues.items.map(({ name }) => name)).toEqual(ALL);
    const { id } = await api.submit('send-mail', { to: 'a@example.org' });
    expect(await api.inState(id, ['completed', 'failed'])).toMatchObject({
      queue: 'mail',
      result: 'sent to a@example.org',
      worker: 'all',
    });
    await until('the history finds it', async () => {
      const found = await api.get<{ items: { id: string }[] }>('/api/v1/tasks?q=queue:mail');
      return found.items.some((task) => task.id === id);
    });
    const document = await api.get<{ components: { schemas: Record<string, unknown> } }>('/api/openapi.json');
    expect(document.components.schemas.ManagedQueue).toMatchObject({ enum: ALL });
    for (const [path, name] of [
      ['/monitor', 'mail'],
      ['/monitor', 'spare'],
      ['/monitor/queues/mail', 'mail'],
      ['/monitor/queues/spare', 'spare'],
      [`/tasks/${id}`, 'mail'],
    ] as const) {
      const page = await api.call('GET', path, undefined, { accept: 'text/html' });
      expect([path, page.status]).toEqual([path, 200]);
      expect(await page.text()).toContain(name);
    }
  });

  it('can be left out by a worker, and named by one that serves it alone', async () => {
    const { items } = await api.get<{ items: { id: string; consumers: { queue: string }[] }[] }>(
      '/api/v1/workers',
    );
    expect(items.map(({ consumers }) => consumers.map(({ queue }) => queue))).toEqual([ALL]);
    const left = await api.call('POST', `/api/v1/workers/${items[0]!.id}/cancel-consumer`, { queue: 'mail' });
    expect(left.status).toBe(200);
    const { id } = await api.submit('send-mail', { to: 'b@example.org' });
    expect((await api.task(id)).state).toBe('waiting');
    const moved = await api.call('POST', `/api/v1/tasks/${id}/move`, { queue: 'gpu' });
    expect([moved.status, await moved.text()]).toEqual([422, expect.stringContaining(ALL.join(', '))]);
    const only = await startApp(
      'worker',
      env({ WORKER_NAME: 'mailer', WORKER_QUEUES: 'mail' }),
      build.folder,
    );
    expect(await api.inState(id, ['completed'])).toMatchObject({ worker: 'mailer' });
    await only.stop();
  });

  it('is told of where a setting names one that there is not, or that nothing uses', async () => {
    await expect(startApp('worker', env({ WORKER_QUEUES: 'mial' }), build.folder)).rejects.toThrow(
      /there are: default, cpu, mail, spare \(it is "mial"\); did you mean mail\?/,
    );
    expect(web.output).toContain('QUEUES names spare, which no task type uses');
  });
});
