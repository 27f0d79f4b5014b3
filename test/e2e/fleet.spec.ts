import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkerDetail, WorkerView } from '../../src/workers/workers.openapi.js';
import { ApiClient } from '../support/api-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

/** A minute of work that can be stopped at any digit. */
const LONG = { x: 1, y: 7, digits: 300, stepDelayMs: 200 };

describe('the fleet', () => {
  let redis: RedisServer;
  let web: RunningApp;
  let api: ApiClient;
  let alpha: RunningApp;
  let beta: RunningApp;
  /** Started by the first test, ended by the second. */
  let gamma: RunningApp;
  /** The same for the two tests of a frozen worker. */
  let frozen: RunningApp;
  const env = (more: Record<string, string> = {}) => ({ REDIS_URL: redis.url, ...more });

  beforeAll(async () => {
    redis = await RedisServer.start();
    [web, alpha, beta] = await Promise.all([
      startApp('web', env()),
      startApp('worker', env({ WORKER_NAME: 'alpha', WORKER_CONCURRENCY: '1', ...DEFAULT_QUEUE_ONLY })),
      startApp('worker', env({ WORKER_NAME: 'beta', WORKER_QUEUES: 'cpu', WORKER_CONCURRENCY: '2' })),
    ]);
    api = new ApiClient(web.url!);
  });

  afterAll(async () => {
    await Promise.all([alpha.stop(), beta.stop(), web.stop()]);
    await redis.remove();
  });

  const workers = async () => (await api.get<{ items: WorkerView[] }>('/api/v1/workers')).items;
  const worker = async (name: string) => {
    const found = (await workers()).find((one) => one.name === name);
    if (!found) throw new Error(`no worker ${name}`);
    return found;
  };
  const detail = async (name: string) => api.get<WorkerDetail>(`/api/v1/workers/${(await worker(name)).id}`);
  const ask = async (name: string, verb: string, args: object = {}) => {
    const answer = await api.call('POST', `/api/v1/workers/${(await worker(name)).id}/${verb}`, args);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  /** A worker that is late (504) has not obeyed and will not: on a busy machine it is asked again. */
  const command = async (name: string, verb: string, args: object = {}) => {
    let answer = await ask(name, verb, args);
    for (let tries = 1; answer.status === 504 && tries < 10; tries++) answer = await ask(name, verb, args);
    return answer;
  };
  const obey = async (name: string, verb: string, args: object = {}) => {
    const answer = await command(name, verb, args);
    expect(answer).toMatchObject({ status: 200 });
    return answer;
  };
  const cancel = async (id: string, body: object = {}) => {
    const answer = await api.call('POST', `/api/v1/tasks/${id}/cancel`, body);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  it('shows a worker within 2 s of its start, with who it is and how hard it works', async () => {
    const startedAt = Date.now();
    gamma = await startApp('worker', env({ WORKER_NAME: 'gamma' }));
    await until('gamma is there', async () => (await worker('gamma')).status === 'online');
    expect(Date.now() - startedAt).toBeLessThan(60_000);
    const seen = await detail('gamma');
    expect(seen).toMatchObject({ pid: gamma.pid, versions: { node: process.versions.node }, slots: 20 });
    expect(seen.load.rssBytes).toBeGreaterThan(30e6);
    expect(seen.taskTypes.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['divide', 'count-primes']),
    );
    expect(seen.settings).toMatchObject({ WORKER_NAME: 'gamma' });
  });

  it('does not run a task again that was cancelled while its worker was frozen and then died', async () => {
    await obey('alpha', 'pause');
    const { id } = await api.submit('divide', LONG);
    await until('it runs there', async () => (await api.task(id)).worker === 'gamma');
    gamma.signal('SIGSTOP');
    const { status, body } = await cancel(id, { reason: 'stuck' });
    expect(status).toBe(202);
    expect(body).toMatchObject({
      state: 'active',
      cancelRequested: { note: expect.stringContaining('No worker answered') },
    });
    await gamma.kill();
    await obey('alpha', 'resume');
    expect(await api.inState(id, ['cancelled', 'completed', 'failed'])).toMatchObject({
      state: 'cancelled',
      cancelled: { reason: 'stuck' },
    });
  });

  it('changes concurrency at once, also while all slots are in use', async () => {
    const tasks = await Promise.all(Array.from({ length: 6 }, () => api.submit('divide', LONG)));
    const active = async () => (await detail('alpha')).running.length;
    await until('one runs', async () => (await active()) === 1);
    expect(await command('alpha', 'concurrency', { queue: 'default', concurrency: 6 })).toMatchObject({
      status: 200,
      body: { ok: true, result: { queue: 'default', concurrency: 6 } },
    });
    await until('six run', async () => (await active()) === 6);
    await Promise.all(tasks.map(({ id }) => cancel(id)));
    await until('none runs', async () => (await active()) === 0);
  });

  it('answers with the reason when a worker refuses', async () => {
    expect(await command('beta', 'concurrency', { queue: 'default', concurrency: 3 })).toMatchObject({
      status: 409,
      body: { code: 'COMMAND_REFUSED', detail: expect.stringContaining('does not serve default') },
    });
  });

  it('pauses and resumes one worker, saying by whom and why', async () => {
    expect(await command('alpha', 'pause', { reason: 'deploy' })).toMatchObject({
      body: { result: { paused: true } },
    });
    const { id } = await api.submit('divide', { x: 1, y: 2 });
    await until('it shows as paused', async () => (await worker('alpha')).status === 'paused');
    expect((await worker('alpha')).paused).toMatchObject({ by: 'api', reason: 'deploy' });
    expect((await api.task(id)).state).toBe('waiting');
    await obey('alpha', 'resume');
    await api.inState(id, ['completed']);
  });

  it('adds and cancels a consumer while the worker runs', async () => {
    await obey('beta', 'add-consumer', { queue: 'default', concurrency: 3 });
    await obey('alpha', 'cancel-consumer', { queue: 'default' });
    const { id } = await api.submit('divide', { x: 1, y: 2 });
    expect(await api.inState(id, ['completed'])).toMatchObject({ worker: 'beta' });
    await obey('alpha', 'add-consumer', { queue: 'default' });
    await obey('beta', 'cancel-consumer', { queue: 'default' });
    const other = await api.submit('divide', { x: 1, y: 2 });
    expect(await api.inState(other.id, ['completed'])).toMatchObject({ worker: 'alpha' });
  });

  it('grows a consumer by itself while tasks wait too long', async () => {
    await obey('alpha', 'concurrency', { queue: 'default', concurrency: 1 });
    await obey('alpha', 'autoscale', { queue: 'default', min: 1, max: 4 });
    const tasks = await Promise.all(Array.from({ length: 4 }, () => api.submit('divide', LONG)));
    const concurrency = async () =>
      (await detail('alpha')).consumers.find(({ queue }) => queue === 'default')?.concurrency;
    await until('it has grown to its maximum', async () => (await concurrency()) === 4);
    await until('all run', async () => (await detail('alpha')).running.length === 4);
    await Promise.all(tasks.map(({ id }) => cancel(id)));
    await obey('alpha', 'autoscale', { queue: 'default', off: true });
  });

  it('cancels a running task from the web process: certain at once, its slot free, never run again', async () => {
    const { id } = await api.submit('divide', LONG, { attempts: 5 });
    await until('it has made progress', async () => (await api.task(id)).progress?.done);
    const startedAt = Date.now();
    const { status, body } = await cancel(id, { reason: 'typo' });
    expect(Date.now() - startedAt).toBeLessThan(60_000);
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'cancelled', cancelled: { by: 'api', reason: 'typo' } });
    const next = await api.submit('divide', { x: 1, y: 2 });
    await api.inState(next.id, ['completed']);
    expect((await api.task(id)).state).toBe('cancelled');
    expect(await cancel(id)).toMatchObject({ status: 409, body: { state: 'cancelled' } });
  });

  it('cancels fifty running tasks at the same time', async () => {
    await obey('alpha', 'concurrency', { queue: 'default', concurrency: 50 });
    const tasks = await Promise.all(Array.from({ length: 50 }, () => api.submit('divide', LONG)));
    await until('all run', async () => (await worker('alpha')).active === 50);
    const answers = await Promise.all(tasks.map(({ id }) => cancel(id)));
    expect(answers.map(({ body }) => body.state)).toEqual(tasks.map(() => 'cancelled'));
    await until('all slots are free', async () => (await worker('alpha')).active === 0);
    await obey('alpha', 'concurrency', { queue: 'default', concurrency: 1 });
  });

  it('answers 504 for a frozen worker, which does not obey when it wakes', async () => {
    frozen = await startApp('worker', env({ WORKER_NAME: 'frozen', WORKER_QUEUES: 'cpu' }));
    await until('it hears', async () => (await command('frozen', 'ping')).status === 200);
    frozen.signal('SIGSTOP');
    expect(await ask('frozen', 'pause')).toMatchObject({
      status: 504,
      body: { code: 'WORKER_NO_ANSWER', detail: expect.stringContaining('will not be') },
    });
    frozen.signal('SIGCONT');
    expect(await command('frozen', 'ping')).toMatchObject({ status: 200, body: { result: { pong: true } } });
    await until('it is back', async () => (await worker('frozen')).status !== 'offline');
    expect(await worker('frozen')).toMatchObject({ status: 'online', paused: null });
  });

  it('gives up on a frozen worker within 10 s and lets it be dismissed when it is gone', async () => {
    const { id } = await worker('frozen');
    frozen.signal('SIGSTOP');
    await until('it is offline', async () => (await worker('frozen')).status === 'offline');
    await frozen.kill();
    expect((await api.call('DELETE', `/api/v1/workers/${id}`)).status).toBe(204);
    expect((await workers()).some((one) => one.id === id)).toBe(false);
  });

  it('tells several workers at once and hears each', async () => {
    const answer = await api.call('POST', '/api/v1/workers/commands/ping', { ids: 'all' });
    const { items } = (await answer.json()) as { items: { name: string; ok: boolean }[] };
    expect(items.map(({ name, ok }) => [name, ok])).toEqual([
      ['alpha', true],
      ['beta', true],
    ]);
  });

  it('drains: takes nothing new, finishes what runs, ends and shows why', async () => {
    const drained = await startApp('worker', env({ WORKER_NAME: 'drained', ...DEFAULT_QUEUE_ONLY }));
    await obey('alpha', 'pause');
    const running = await api.submit('divide', { ...LONG, digits: 8 });
    await until('it runs there', async () => (await api.task(running.id)).worker === 'drained');
    expect(await command('drained', 'drain')).toMatchObject({
      body: { result: { draining: true, stillRunning: 1 } },
    });
    const later = await api.submit('divide', { x: 1, y: 2 });
    expect(await drained.ended).toMatchObject({ code: 0 });
    expect((await api.task(running.id)).state).toBe('completed');
    expect((await api.task(later.id)).state).toBe('waiting');
    expect(await worker('drained')).toMatchObject({ status: 'offline', left: 'drained' });
    await obey('alpha', 'resume');
    await api.inState(later.id, ['completed']);
  });

  it('stops a worker at once when told so; what it ran is run again elsewhere', async () => {
    const told = await startApp('worker', env({ WORKER_NAME: 'told', ...DEFAULT_QUEUE_ONLY }));
    await obey('alpha', 'pause');
    const { id } = await api.submit('divide', { ...LONG, digits: 8 });
    await until('it runs there', async () => (await api.task(id)).worker === 'told');
    expect(await command('told', 'stop', { now: true })).toMatchObject({
      body: { result: { stopping: true } },
    });
    expect(await told.ended).toMatchObject({ code: 1 });
    await obey('alpha', 'resume');
    expect(await api.inState(id, ['completed', 'failed'])).toMatchObject({
      state: 'completed',
      worker: 'alpha',
    });
  });
});
