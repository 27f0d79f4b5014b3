import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TaskView } from '../../src/model/task-view.js';
import { projectRoot } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { AppendOnlyFile } from './support/append-only-file.js';
import { CarefulClient } from './support/careful-client.js';
import { nightly, percentile, printFigures } from './support/figures.js';
import { halfTasks } from './support/half-tasks.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const { cutHalfScript } = (await import(pathToFileURL(join(projectRoot, 'scripts/aof-repair.mjs')).href)) as {
  cutHalfScript: (dir: string) => number;
};

const random = Random.ofRun();
const ROUNDS = nightly(100, 20);
const TASKS = 60;
/** The same each time: a repeated request is the same request. */
const body = (n: number) => ({
  type: 'ledger-work',
  input: { forMs: (n * 7) % 21 },
  options: {
    ...(n % 5 === 0 ? { delayMs: (n * 37) % 400 } : {}),
    ...(n % 7 === 0 ? { priority: 1 + (n % 3), attempts: 3 } : {}),
  },
});

describe('R12: the machine loses power', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({
      workers: 1,
      env: { WORKER_CONCURRENCY: '4' },
      // A file that is written anew has no end to lose.
      redisArgs: ['--auto-aof-rewrite-percentage', '0'],
    });
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  /** All that the history and Redis together tell of, by id. */
  const told = async (): Promise<Map<string, string>> => {
    const states = new Map<string, string>();
    let cursor: string | undefined;
    do {
      const at: string = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { items: TaskView[]; nextCursor?: string } = await world.api.get(
        `/api/v1/tasks?limit=200${at}`,
      );
      for (const { id, state } of page.items) states.set(id, state);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return states;
  };

  it(
    'loses at most what the disk had not got, leaves nothing half there, and goes on',
    async () => {
      const client = new CarefulClient(world.url);
      const file = new AppendOnlyFile(world.redis.dir);
      const half: string[] = [];
      const lostThough: string[] = [];
      let cut = 0;
      let halfScripts = 0;
      let lost = 0;
      const backMs: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const before = client.acked.size;
        const load = client.submitMany(TASKS, 6, body, `round-${round}`);
        const wanted = before + random.int(20, TASKS - 5);
        await until('some are accepted', () => client.acked.size >= wanted, 30_000);
        await world.killRedis();
        const acked = client.ids;
        const bytes = Math.min(random.int(1_000, 100_000), file.bytes - 1);
        const { kept } = file.cut(bytes, acked);
        cut += bytes;
        const startedAt = Date.now();
        const lostIds = new Set<string>();
        // As `npm start` does before each start of its Redis.
        if (cutHalfScript(world.redis.dir) > 0) halfScripts++;
        await world.redis.startAgain();
        await world.withRedis(async (redis) => {
          half.push(...(await halfTasks(redis)));
          const there = redis.pipeline();
          for (const id of acked) there.exists(`roost:default:${id}`);
          (await there.exec())!.forEach(([, answer], i) => {
            if (answer === 1) return;
            lost++;
            lostIds.add(acked[i]!);
            if (kept.has(acked[i]!)) lostThough.push(acked[i]!);
          });
        });
        await load;
        backMs.push(Date.now() - startedAt);
        // A lost task is there again once its client repeats the submit.
        for (const [key, id] of [...client.acked]) {
          if (lostIds.has(id)) await client.submit(key, body(Number(key.split('-')[2])));
        }
      }
      const there = await world.withRedis(async (redis) =>
        (await redis.keys('roost:default:*'))
          .map((key) => key.slice('roost:default:'.length))
          .filter((id) => /^[tk][0-9a-z]{25}$/.test(id)),
      );
      const states = await world.drained(there, 60_000);
      await world.withRedis(async (redis) => void half.push(...(await halfTasks(redis))));
      // The history of what is there says the same as Redis; of what is gone it says nothing that is still to come.
      let differing: string[] = [];
      await until(
        'the history says what Redis says',
        async () => {
          const history = await told();
          differing = [
            ...there.filter((id) => history.get(id) !== 'completed').map((id) => `${id} ${history.get(id)}`),
            ...[...history]
              .filter(([id, state]) => !there.includes(id) && state !== 'completed')
              .map(([id, state]) => `${id} is gone but ${state}`),
          ];
          return differing.length === 0;
        },
        30_000,
      ).catch(() => undefined);
      printFigures('R12 power loss', random, {
        redisKills: world.kills.redis,
        cutKb: Math.round(cut / 1000),
        acked: client.acked.size,
        halfScripts,
        lostInTheCut: lost,
        lostThoughWritten: lostThough.length,
        half: half.length,
        statesAfter: states,
        historyDiffers: differing.length,
        keysWithTwoIds: client.twoFaced.length,
        backP95Ms: percentile(backMs, 0.95),
      });
      expect(world.kills.redis).toBe(ROUNDS);
      // The fault happened: power was lost after an answer had gone out.
      expect(lost).toBeGreaterThan(0);
      expect(halfScripts).toBeGreaterThan(0);
      expect(lostThough).toEqual([]);
      expect(half).toEqual([]);
      expect(states).toEqual({ completed: ROUNDS * TASKS });
      expect(differing.slice(0, 10)).toEqual([]);
      expect(client.twoFaced).toEqual([]);
    },
    nightly(1_800_000, 300_000),
  );
});

describe('R12: a script of which the disk got half', () => {
  const server: { redis?: RedisServer } = {};
  afterAll(() => server.redis?.remove());

  /** Returns the rest of the script after the second start that follows. */
  const afterTwoStarts = async (tidyUp: (dir: string) => void): Promise<string[]> => {
    await server.redis?.remove();
    const redis = (server.redis = await RedisServer.start({ appendOnly: true }));
    const client = new Redis(redis.url);
    const halves =
      "for i = 1, 5 do redis.call('RPUSH', 'half', i) end redis.call('SET', 'long', string.rep('x', 500))";
    try {
      await client.eval(halves, 0);
      await redis.kill();
      const file = new AppendOnlyFile(redis.dir);
      truncateSync(file.path, file.bytes - 200);
      tidyUp(redis.dir);
      await redis.startAgain();
      expect(await client.exists('half')).toBe(0);
      await client.eval("redis.call('RPUSH', 'whole', 1) redis.call('RPUSH', 'whole', 2)", 0);
      await redis.kill();
      await redis.startAgain();
      expect(await client.lrange('whole', 0, -1)).toEqual(['1', '2']);
      return await client.lrange('half', 0, -1);
    } finally {
      client.disconnect();
    }
  };

  it('is run by Redis alone, one start later (control, must fail), and not where the file was tidied up', async () => {
    const alone = await afterTwoStarts(() => undefined);
    const tidied = await afterTwoStarts((dir) => void cutHalfScript(dir));
    printFigures('R12 control: half a script', undefined, {
      ranByRedisAlone: alone.length,
      ranWhereTidied: tidied.length,
    });
    expect(alone).toEqual(['1', '2', '3', '4', '5']);
    expect(tidied).toEqual([]);
  }, 60_000);
});
