import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BulkView } from '../../src/bulk-actions/bulk-actions.openapi.js';
import type { QueueOutcome } from '../../src/queues/queues.openapi.js';
import { limitHere, printFigures } from '../chaos/support/figures.js';
import { ApiClient } from '../support/api-client.js';
import { addManyJobs } from '../support/many-jobs.js';
import { PingMeter } from '../support/ping-meter.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

const MANY = Number(process.env.SCALE_TASKS || 100_000);
/** Cancelled from the middle of all that wait, where finding one is dearest. */
const DEEP = 500;
/** Longest answer to a PING meanwhile, p99, ms. */
const GOAL_MS = 20;

describe(`${MANY} tasks of a queue`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-queues-scale-'));
  let server: RedisServer;
  let redis: Redis;
  let web: RunningApp;
  let api: ApiClient;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.url);
    web = await startApp('web', { REDIS_URL: server.url, HISTORY_URL: `file:${join(folder, 'history.db')}` });
    api = new ApiClient(web.url!);
  }, 60_000);

  afterAll(async () => {
    await web.stop();
    redis.disconnect();
    await server.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const post = async <T>(path: string, body: object) =>
    (await (await api.call('POST', `/api/v1/${path}`, body)).json()) as T;

  /** Does it while others ask Redis, and holds it to the goal. */
  async function beside(what: string, act: () => Promise<void>): Promise<void> {
    const idlePings = new PingMeter(server.url);
    await idlePings.taken(300);
    const idlePingP99 = await idlePings.p99();
    const pings = new PingMeter(server.url);
    const startedAt = performance.now();
    await act();
    const ms = Math.round(performance.now() - startedAt);
    const pingP99 = await pings.p99();
    printFigures(what, undefined, { tasks: MANY, ms, idlePingP99, pingP99 });
    expect(pingP99).toBeLessThan(Math.max(limitHere(GOAL_MS), 3 * idlePingP99));
  }

  const all = (verb: string, body: object) => async () =>
    expect(await post<QueueOutcome>(`queues/default/${verb}`, body)).toMatchObject({
      done: MANY,
      more: false,
    });

  it('are cancelled deep in the queue while Redis answers others', async () => {
    await addManyJobs(redis, 'wait', MANY);
    const ids = Array.from({ length: DEEP }, (_, i) => `many-${MANY / 2 + i}`);
    await beside('deep cancel', async () => {
      const { links } = await post<BulkView>('bulk-actions', { action: 'cancel', ids });
      const { counts } = await until(
        'it has ended',
        async () => {
          const view = await api.get<BulkView>(links.self);
          return view.finishedAt !== undefined && view;
        },
        60_000,
      );
      expect(counts).toMatchObject({ done: DEEP });
    });
    await redis.flushall();
  }, 120_000);

  it('are drained, cleaned and promoted while Redis answers others', async () => {
    await addManyJobs(redis, 'wait', MANY);
    await beside('drain', all('drain', { reason: 'many' }));
    await beside('clean', all('clean', { state: 'cancelled', olderThanMs: 0 }));
    await addManyJobs(redis, 'delayed', MANY);
    await beside('promote', all('promote', {}));
  }, 300_000);
});
