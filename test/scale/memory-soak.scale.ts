import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printFigures } from '../chaos/support/figures.js';
import { until } from '../support/until.js';
import { MemorySamples } from './support/memory-samples.js';
import { ScaleRoost } from './support/scale-roost.js';
import { submitBulk } from './support/tasks-api.js';

/** With 200,000, run in half a minute, the system's memory varies by as much as may be added. */
const TASKS = Number(process.env.SCALE_SOAK || 600_000);
/** Beside them, before the measuring begins: pools fill, code is compiled. */
const WARM_UP = Math.min(TASKS, 100_000);
const PIECE = 2_000;
/** Events of a queue that the recorder leaves once it has them, and a little more: its backlog is not counted as growth. */
const RECORDED_EVENTS = 20_000;
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
  let roost: ScaleRoost;

  beforeAll(async () => {
    // The history lets go of old tasks all the while, too.
    const env = { WORKER_CONCURRENCY: '20', HISTORY_RETENTION_COUNT: '10000' };
    roost = await ScaleRoost.start({ env, webEnv: watched.web.env });
    await roost.startWorker(watched.worker.env);
  }, 60_000);

  afterAll(async () => {
    await roost.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const redisBytes = async () => {
    const events = () => roost.redis.xlen('roost:default:events');
    await until('all is recorded', async () => (await events()) < RECORDED_EVENTS, 60_000);
    return Number(/used_memory:(\d+)/.exec(await roost.redis.info('memory'))![1]);
  };

  it(
    'keeps the memory of web app, worker and Redis flat',
    async () => {
      let over = false;
      let pages = 0;
      let listened = 0;
      const reading = (async () => {
        for (let n = 0; !over; n++) {
          const answer = await fetch(`${roost.web.url}${PAGES[n % PAGES.length]}`);
          await answer.text();
          expect(answer.status).toBe(200);
          pages++;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      })();
      const listening = Array.from({ length: LISTENERS }, async (_, n) => {
        while (!over) {
          await listen(`${roost.web.url}/api/v1/events`, 1_000 + n * 100);
          listened++;
        }
      });
      const run = async (from: number, to: number) => {
        for (let n = from; n < to; n += PIECE) {
          await submitBulk(roost.api, Math.min(PIECE, to - n), (i) => ({
            type: 'no-op',
            input: { n: n + i },
          }));
          await roost.drained(120_000);
        }
      };
      await run(0, WARM_UP);
      const redisBefore = await redisBytes();
      const since = Date.now();
      await run(WARM_UP, WARM_UP + TASKS);
      const seconds = (Date.now() - since) / 1000;
      over = true;
      await Promise.all([reading, ...listening]);
      const redisAfter = await redisBytes();
      const units = TASKS / 10_000;
      const figures = {
        web: watched.web.memory.figures(since, units),
        worker: watched.worker.memory.figures(since, units),
      };
      printFigures('R17 memory soak', undefined, {
        tasks: TASKS,
        perSecond: Math.round(TASKS / seconds),
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
