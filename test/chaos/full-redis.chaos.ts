import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../support/until.js';
import { CarefulClient } from './support/careful-client.js';
import { limitHere, nightly, percentile, printFigures } from './support/figures.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const random = Random.ofRun();
const TASKS = nightly(600, 150);
const CONCURRENCY = 4;
/** How long there is no memory: longer than a lock lives, so that what runs is given up by its worker, ms. */
const FULL_MS = nightly(60_000, 12_000);
/** Task views of pages and answers that only read. */
const READS = ['/', '/tasks', '/monitor', '/monitor/queues/default', '/monitor/workers', '/monitor/redis'];
const API_READS = ['/api/v1/tasks', '/api/v1/monitor', '/api/v1/queues', '/api/v1/workers', '/health/live'];
const work = (n: number) => ({ type: 'ledger-work', input: { forMs: 20 + (n % 80) } });

describe('R11: Redis is full', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({
      workers: 2,
      env: { WORKER_CONCURRENCY: String(CONCURRENCY) },
      redisArgs: ['--maxmemory', '64mb'],
    });
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  it(
    'refuses what is new with words, shows what there is, loses nothing, and goes on once there is room',
    async () => {
      const client = new CarefulClient(world.url);
      await client.submitMany(TASKS, 8, work);
      const load = new CarefulClient(world.url);
      let over = false;
      const handing = (async () => {
        for (let n = 0; !over; n++) {
          await load.try(`full-${n}`, work(random.int(0, 99)));
          await delay(20);
        }
      })();
      await world.withRedis(async (redis) => {
        let room = true;
        for (let n = 0; room && n < 100; n++) {
          room = await redis.set(`ballast-${n}`, 'x'.repeat(2_000_000)).then(
            () => true,
            () => false,
          );
        }
        // The last of it: Redis refuses what is new only once it is over its limit.
        await redis.config('SET', 'maxmemory', '16mb');
      });
      const fullAt = Date.now();
      const answer = await until('a submit is refused', async () => {
        const { status, headers, ...rest } = await world.api.call('POST', '/api/v1/tasks', work(0));
        return status === 503 ? { retryAfter: headers.get('retry-after'), ...rest } : undefined;
      });
      const problem = await world.api.call('POST', '/api/v1/tasks', work(0));
      const { code, detail } = (await problem.json()) as { code: string; detail: string };
      const reads: [string, number][] = [];
      const readMs: number[] = [];
      for (const path of [...READS, ...API_READS]) {
        const startedAt = performance.now();
        const { status } = await world.api.call('GET', path, undefined, {
          accept: path.startsWith('/api') ? 'application/json' : 'text/html',
        });
        readMs.push(performance.now() - startedAt);
        reads.push([path, status]);
      }
      const finishedAtFull = world.ledger.count('E').size;
      await delay(Math.max(0, FULL_MS - (Date.now() - fullAt)));
      const finishedMeanwhile = world.ledger.count('E').size - finishedAtFull;
      const refused = load.refusals.length;

      await world.withRedis((redis) => redis.config('SET', 'maxmemory', '256mb'));
      const roomAt = Date.now();
      await until('a submit is accepted again', () => load.submit('after', work(1)), 30_000);
      const acceptedMs = Date.now() - roomAt;
      over = true;
      await handing;
      const ids = [...client.ids, ...load.ids];
      const states = await world.drained(ids, limitHere(60_000));
      const books = world.ledger.audit(ids);
      printFigures('R11 Redis full', random, {
        fullMs: roomAt - fullAt,
        refused,
        hung: load.hung,
        refusedP99Ms: load.refusedMs(0.99),
        readP95Ms: percentile(readMs, 0.95),
        tasks: ids.length,
        states,
        lost: books.neverEnded.length,
        finishedMeanwhile,
        ranTwice: books.startedTwice,
        effectsTwice: books.effectsTwice,
        acceptedAgainMs: acceptedMs,
        drainedMs: Date.now() - roomAt,
        workerRestarts: world.workers.filter((worker) => !worker.isRunning).length,
      });
      // The fault happened.
      expect(refused).toBeGreaterThan(10);
      expect(answer.retryAfter).not.toBeNull();
      expect(code).toBe('STORAGE_FULL');
      expect(detail).toMatch(/maxmemory/);
      expect(reads.filter(([, status]) => status !== 200)).toEqual([]);
      expect(load.hung).toBe(0);
      expect(states).toEqual({ completed: ids.length });
      expect(books.neverEnded).toEqual([]);
      expect(books.startedTwice).toBeLessThanOrEqual(world.workers.length * CONCURRENCY * 2);
      expect(acceptedMs).toBeLessThan(limitHere(2_000));
      expect(world.workers.every((worker) => worker.isRunning)).toBe(true);
    },
    nightly(600_000, 180_000),
  );

  it('warns on every page where Redis may drop tasks by itself', async () => {
    await world.withRedis((redis) => redis.config('SET', 'maxmemory-policy', 'allkeys-lru'));
    const startedAt = Date.now();
    await until('a page says so', async () =>
      (await (await world.api.call('GET', '/tasks', undefined, { accept: 'text/html' })).text()).includes(
        'maxmemory-policy is allkeys-lru',
      ),
    );
    printFigures('R11 wrong eviction policy', undefined, { warnedMs: Date.now() - startedAt });
  });
});
