import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { AttemptView, TaskView } from '../../src/model/task-view.js';
import { ApiClient } from '../support/api-client.js';
import { projectRoot, startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

/** See the README beside the data. */
const COMPLETED = 'kkxpxk37nr2s6xvas7k69kj1mz';
const FAILED = 't1m8r81mqb6e9paqtt8q2kb8g6';
const FORGOTTEN_BY_REDIS = 't1m8r81xe0bpt63r9yvjvqfqfy';
const CANCELLED = 't1m8r821emnbmwr5cncy7ne2se';
const WAITING = 't1m8r835yswrpw4z6d65y8htq3';

/** The data grows older with the years; nothing of it may go by retention. */
const KEEP = {
  TASK_RETENTION_COMPLETED_HOURS: '87600',
  TASK_RETENTION_FAILED_HOURS: '87600',
  HISTORY_RETENTION_DAYS: '36500',
  HISTORY_RETENTION_FAILED_DAYS: '36500',
};

describe('Redis and a history of version 0.1.0', () => {
  let folder: string;
  let redis: RedisServer;
  let api: ApiClient;
  const apps: RunningApp[] = [];

  beforeAll(async () => {
    const data = (name: string) =>
      gunzipSync(readFileSync(join(projectRoot, 'test/support/fixtures/v0.1.0', name)));
    folder = mkdtempSync(join(tmpdir(), 'roost-upgrade-'));
    writeFileSync(join(folder, 'history.db'), data('history.db.gz'));
    redis = await RedisServer.start();
    await redis.stop();
    writeFileSync(join(redis.dir, 'dump.rdb'), data('dump.rdb.gz'));
    await redis.startAgain();
    const env = { REDIS_URL: redis.url, HISTORY_URL: `file:${join(folder, 'history.db')}`, ...KEEP };
    apps.push(await startApp('web', env));
    api = new ApiClient(apps[0]!.url!);
    // Before a worker is there: nothing moves.
    expect(await api.task(WAITING)).toMatchObject({ state: 'waiting', tags: ['waits'] });
    apps.push(await startApp('worker', env));
  });

  afterAll(async () => {
    await Promise.all(apps.map((app) => app.stop()));
    await redis?.remove();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const found = async (q: string) => {
    const { items } = await api.get<{ items: TaskView[] }>(`/api/v1/tasks?q=${encodeURIComponent(q)}`);
    return items.map(({ id }) => id).sort();
  };

  const attemptsOf = async (id: string) =>
    (await api.get<{ items: AttemptView[] }>(`/api/v1/tasks/${id}/attempts`)).items;

  it('show each task as it was left', async () => {
    expect(await api.task(COMPLETED)).toMatchObject({
      state: 'completed',
      input: { x: '355', y: '113', digits: 6 },
      result: { decimal: '3.141592', exact: false },
      tags: ['invoices'],
    });
    expect(await api.task(FAILED)).toMatchObject({
      state: 'failed',
      error: { name: 'PermanentError', message: expect.stringMatching(/^Division by zero: 1 \/ 0/) },
    });
    expect(await api.task(CANCELLED)).toMatchObject({ state: 'cancelled' });
    expect(await attemptsOf(FAILED)).toMatchObject([
      { outcome: 'failed', error: { name: 'PermanentError' } },
    ]);
  });

  it('show what only the history has', async () => {
    expect(await api.task(FORGOTTEN_BY_REDIS)).toMatchObject({
      state: 'completed',
      kept: 'history',
      result: { count: 168, largest: 997 },
    });
  });

  it('run the task that waited', async () => {
    const task = await api.inState(WAITING, ['completed']);
    expect(task).toMatchObject({ result: { decimal: '3.142' }, attempts: { made: 1 } });
  });

  it('know the idempotency key of then', async () => {
    const input = { x: '355', y: '113', digits: 6, stepDelayMs: 1 };
    const again = await api.submit(
      'divide',
      input,
      { tags: ['invoices'] },
      { 'Idempotency-Key': 'upgrade-1' },
    );
    expect(again).toMatchObject({ id: COMPLETED, state: 'completed' });
  });

  it('are searched, and recorded on', async () => {
    expect(await found('type:divide state:failed')).toEqual([FAILED]);
    expect(await found('tag:invoices')).toEqual([COMPLETED]);
    const { id } = await api.submit('divide', { x: '9', y: '4' }, { tags: ['after'] });
    await until('both are recorded', async () => {
      const both = [
        ...(await found('tag:after state:completed')),
        ...(await found('tag:waits state:completed')),
      ];
      return both.join() === [id, WAITING].join();
    });
  });

  it('take a retry of what failed then', async () => {
    expect((await api.call('POST', `/api/v1/tasks/${FAILED}/retry`)).status).toBe(200);
    const failed = { outcome: 'failed', error: { name: 'PermanentError' } };
    await until('it has failed again', async () => {
      const attempts = await attemptsOf(FAILED);
      return attempts.length === 2 && attempts[1]!.outcome !== undefined;
    });
    expect(await attemptsOf(FAILED)).toMatchObject([failed, failed]);
  });
});
