import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { printFigures } from '../chaos/support/figures.js';
import { ApiClient } from '../support/api-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { ScratchBuild } from '../support/scratch-build.js';
import { until } from '../support/until.js';
import { MemorySamples } from './support/memory-samples.js';
import { submitBulk } from './support/tasks-api.js';

const TASKS = Number(process.env.SCALE_SOAK || 200_000);
/** Of them before the measuring begins: pools fill, code is compiled. */
const WARM_UP = Math.ceil(TASKS / 4);
const PIECE = 2_000;
const LISTENERS = 20;
const PAGES = [
  '/',
  '/tasks',
  '/tasks?state=failed',
  '/monitor',
  '/monitor/workers',
  '/monitor/queues/default',
];

describe(`R17: ${TASKS} tasks with pages and listeners that come and go`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-soak-'));
  const watched = { web: MemorySamples.watch(folder, 'web'), worker: MemorySamples.watch(folder, 'worker') };
  let server: RedisServer;
  let redis: Redis;
  let build: ScratchBuild;
  let web: RunningApp;
  let worker: RunningApp;
  let api: ApiClient;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.url);
    build = new ScratchBuild('../../bench/task-types');
    const env = {
      REDIS_URL: server.url,
      HISTORY_URL: `file:${join(folder, 'history.db')}`,
      WORKER_CONCURRENCY: '20',
      LOG_LEVEL: 'warn',
      // Both let go of old tasks all the while, as they do where they have run for long.
      TASK_RETENTION_COMPLETED_COUNT: '2000',
      HISTORY_RETENTION_COUNT: '10000',
    };
    web = await startApp('web', { ...env, ...watched.web.env }, build.folder);
    worker = await startApp('worker', { ...env, ...watched.worker.env }, build.folder);
    api = new ApiClient(web.url!);
  }, 60_000);

  afterAll(async () => {
    await Promise.all([worker.stop(), web.stop()]);
    redis.disconnect();
    await server.remove();
    build.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const redisBytes = async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1]);

  it(
    'keeps the memory of web app, worker and Redis flat',
    async () => {
      let over = false;
      let pages = 0;
      let listened = 0;
      const reading = (async () => {
        for (let n = 0; !over; n++) {
          const answer = await fetch(`${web.url}${PAGES[n % PAGES.length]}`);
          await answer.text();
          expect(answer.status).toBe(200);
          pages++;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      })();
      const listening = Array.from({ length: LISTENERS }, async (_, n) => {
        while (!over) {
          await listen(`${web.url}/api/v1/events`, 1_000 + n * 100);
          listened++;
        }
      });
      const settle = () =>
        until(
          'all have run',
          async () => {
            const [waiting, active] = await Promise.all([
              redis.llen('roost:default:wait'),
              redis.llen('roost:default:active'),
            ]);
            return waiting + active === 0;
          },
          120_000,
        );
      const run = async (from: number, to: number) => {
        for (let n = from; n < to; n += PIECE) {
          await submitBulk(api, Math.min(PIECE, to - n), (i) => ({ type: 'no-op', input: { n: n + i } }));
          await settle();
        }
      };
      await run(0, WARM_UP);
      const since = Date.now();
      const redisBefore = await redisBytes();
      await run(WARM_UP, TASKS);
      const seconds = (Date.now() - since) / 1000;
      over = true;
      await Promise.all([reading, ...listening]);
      const redisAfter = await redisBytes();
      const units = (TASKS - WARM_UP) / 10_000;
      const figures = {
        web: watched.web.memory.figures(since, units),
        worker: watched.worker.memory.figures(since, units),
      };
      printFigures('R17 memory soak', undefined, {
        tasks: TASKS,
        perSecond: Math.round((TASKS - WARM_UP) / seconds),
        pages,
        listeners: listened,
        ...figures,
        redisMb: [redisBefore, redisAfter].map((bytes) => Math.round(bytes / 1e5) / 10),
      });
      for (const { rssMbPerUnit, heapGrowth, samples } of Object.values(figures)) {
        expect(samples).toBeGreaterThan(3);
        expect(rssMbPerUnit).toBeLessThan(1);
        expect(heapGrowth).toBeLessThan(0.05);
      }
      // Listeners come and go; one that is left behind each time would be hundreds.
      for (const { handles } of Object.values(figures))
        expect(handles[1]! - handles[0]!).toBeLessThan(LISTENERS + 10);
      expect(listened).toBeGreaterThan(LISTENERS);
      expect(redisAfter).toBeLessThan(redisBefore * 1.2);
    },
    Math.max(600_000, TASKS * 10),
  );
});

/** Hears events for a while, then hangs up without a word. */
function listen(url: string, forMs: number): Promise<void> {
  return new Promise((resolve) => {
    const req = request(url, { headers: { accept: 'text/event-stream' } }, (answer) => answer.resume());
    req.on('error', () => undefined);
    req.on('close', resolve);
    req.end();
    setTimeout(() => req.destroy(), forMs);
  });
}
