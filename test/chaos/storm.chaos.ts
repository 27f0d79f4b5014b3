import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { CarefulClient } from './support/careful-client.js';
import { limitHere, nightly, printFigures } from './support/figures.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const TASKS = nightly(50_000, 5_000);
const WORKERS = 3;
const CONCURRENCY = 10;
const WORKER_KILLS = nightly(200, 20);
const REDIS_KILLS = nightly(20, 3);
const DRAIN_MS = 30_000;
const random = Random.ofRun();

describe('R2: a storm of kills', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({
      workers: WORKERS,
      env: { WORKER_CONCURRENCY: String(CONCURRENCY) },
      redisArgs: nightly(['--appendfsync', 'always'], []),
    });
  }, 120_000);
  afterAll(() => world.stop(), 60_000);

  it(
    'loses no acknowledged task, leaves none behind, fails none, and is done soon after',
    async () => {
      const client = new CarefulClient(world.url);
      const handedIn = client.submitMany(TASKS, 16, (n) => ({
        type: 'ledger-work',
        input: { forMs: 20 + ((n * 7919) % 80) },
      }));
      let lastFaultAt = Date.now();
      const storm = async () => {
        const redisAt = new Set(
          Array.from({ length: REDIS_KILLS }, (_, i) =>
            Math.floor(((i + 1) * WORKER_KILLS) / (REDIS_KILLS + 1)),
          ),
        );
        for (let kill = 0; kill < WORKER_KILLS; kill++) {
          await delay(random.int(200, 900));
          const victim = random.pick(world.workers);
          await world.killWorker(victim);
          if (redisAt.has(kill)) {
            await world.killRedis();
            await delay(random.int(200, 2_000));
            await world.redis.startAgain();
          }
          lastFaultAt = Date.now();
          await world.startWorker();
        }
      };
      await Promise.all([handedIn, storm()]);
      const states = await world.drained(client.ids, DRAIN_MS + 30_000);
      const drainedMs = Date.now() - Math.max(lastFaultAt, 0);
      const books = world.ledger.audit(client.ids);
      const stuck = TASKS - Object.values(states).reduce((a, b) => a + b, 0) + notSettled(states);
      printFigures('R2 storm', random, {
        tasks: TASKS,
        workerKills: world.kills.worker,
        redisKills: world.kills.redis,
        submitsRefused: client.refusals.length,
        submitsBroken: client.broken,
        lost: books.neverEnded.length,
        stuck,
        failed: states.failed ?? 0,
        startedTwice: books.startedTwice,
        extraStarts: books.extraStarts,
        bound: (world.kills.worker + world.kills.redis * WORKERS) * CONCURRENCY,
        endedTwice: books.endedTwice,
        effectsTwice: books.effectsTwice,
        unacknowledgedRun: books.unknown,
        drainedMs,
      });
      expect(world.kills).toMatchObject({ worker: WORKER_KILLS, redis: REDIS_KILLS });
      expect(books.neverEnded).toEqual([]);
      expect(states).toEqual({ completed: TASKS });
      expect(client.twoFaced).toEqual([]);
      // A storm in which nothing ran twice has hit nothing.
      expect(books.startedTwice).toBeGreaterThan(0);
      expect(books.extraStarts).toBeLessThanOrEqual(
        (world.kills.worker + world.kills.redis * WORKERS) * CONCURRENCY,
      );
      expect(drainedMs).toBeLessThan(limitHere(DRAIN_MS));
    },
    nightly(1_800_000, 300_000),
  );
});

function notSettled(states: Record<string, number>): number {
  return Object.entries(states)
    .filter(([state]) => !['completed', 'failed', 'cancelled', 'expired'].includes(state))
    .reduce((sum, [, count]) => sum + count, 0);
}

describe('R2 control: the same with a stall budget of 1', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
    // BullMQ's own default, in the scratch copy of the build alone.
    world.build.edit('dist/bullmq/job-policy.js', /maxStalledCount: \d+/, 'maxStalledCount: 1');
  }, 60_000);
  afterAll(() => world.stop());

  it('fails tasks for the deaths of their workers, as it must', async () => {
    const client = new CarefulClient(world.url);
    await client.submitMany(4, 4, () => ({ type: 'ledger-work', input: { forMs: 600_000 } }));
    let failed = 0;
    for (let kill = 0; kill < 4 && failed === 0; kill++) {
      const worker = await world.startWorker();
      const begun = world.ledger.lines().length;
      while (world.ledger.lines().length === begun && failed === 0) {
        await delay(200);
        failed = (await world.states(client.ids)).failed ?? 0;
      }
      await world.killWorker(worker);
    }
    const [task] = (
      await world.api.get<{ items: { error: { message: string } }[] }>('/api/v1/tasks?state=failed')
    ).items;
    printFigures('R2 control: stall budget 1', random, {
      workerKills: world.kills.worker,
      failedByStall: failed,
      message: task?.error.message,
    });
    expect(failed).toBeGreaterThan(0);
  }, 120_000);
});
