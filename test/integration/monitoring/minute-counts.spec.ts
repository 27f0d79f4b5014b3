import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { countIn, type Metrics } from '../../../src/monitoring/minute-counts.js';
import { RedisServer } from '../../support/redis-server.js';

const INCLUDES = join(dirname(createRequire(import.meta.url).resolve('bullmq')), '../esm/commands/includes');
/** BullMQ's own script, run by Redis: what it writes is what has to be read. */
const COLLECT = `
local rcall = redis.call
${readFileSync(join(INCLUDES, 'batches.lua'), 'utf8')}
${readFileSync(join(INCLUDES, 'collectMetrics.lua'), 'utf8')}
collectMetrics(KEYS[1], KEYS[2], tonumber(ARGV[2]), ARGV[1])
`;
const MINUTE = 60_000;
const M0 = 29_833_333;

describe('countIn', () => {
  let server: RedisServer;
  let redis: Redis;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.url);
  });

  afterAll(async () => {
    redis.disconnect();
    await server.remove();
  });

  /** Jobs finish at these seconds after minute M0; then the counts of the minutes asked for, from M0 - 1 on. */
  async function counts(seconds: number[], minutes: number, maxPoints = 1440): Promise<number[]> {
    await redis.flushall();
    for (const second of seconds) {
      await redis.eval(COLLECT, 2, 'meta', 'data', String(M0 * MINUTE + second * 1000), String(maxPoints));
    }
    const [count, prevTS, prevCount] = await redis.hmget('meta', 'count', 'prevTS', 'prevCount');
    const data = (await redis.lrange('data', 0, -1)).map(Number);
    const metrics: Metrics = {
      meta: { count: Number(count ?? 0), prevTS: Number(prevTS ?? 0), prevCount: Number(prevCount ?? 0) },
      data,
    };
    return Array.from({ length: minutes }, (_, i) => countIn(metrics, M0 - 1 + i));
  }

  it('is 0 where nothing has ever finished', async () => {
    expect(await counts([], 3)).toEqual([0, 0, 0]);
  });

  it('counts the running minute before BullMQ has written a point', async () => {
    expect(await counts([0], 3)).toEqual([0, 1, 0]);
    expect(await counts([1, 20, 59], 3)).toEqual([0, 3, 0]);
  });

  it('puts each job into the minute it finished in', async () => {
    expect(await counts([1, 59, 60, 61, 62, 120], 5)).toEqual([0, 2, 3, 1, 0]);
  });

  it('knows minutes in which nothing finished', async () => {
    expect(await counts([0, 1, 59, 300, 301, 420], 10)).toEqual([0, 3, 0, 0, 0, 0, 2, 0, 1, 0]);
  });

  it('knows nothing of what is further back than BullMQ keeps', async () => {
    expect(await counts([0, 60, 120, 180], 5, 2)).toEqual([0, 0, 1, 1, 1]);
  });

  it('takes a hash without times for empty', () => {
    expect(countIn({ meta: { count: 0, prevTS: 0, prevCount: 0 }, data: [] }, M0)).toBe(0);
    expect(countIn({ data: [] } as unknown as Metrics, M0)).toBe(0);
  });
});
