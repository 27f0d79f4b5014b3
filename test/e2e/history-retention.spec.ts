import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { StoreEngine } from '../../src/history/sqlite/store-engine.js';
import { newTaskId } from '../../src/bullmq/task-ids.js';
import { ApiClient } from '../support/api-client.js';
import { startApp } from '../support/processes.js';
import { openHistory } from '../support/recorded.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

const DAY_MS = 86_400_000;
const BASE = 'roost:default:';

/** Settled tasks as they lie in Redis, `days` old; answers their ids, the oldest first. */
async function put(redis: Redis, state: string, ages: number[]): Promise<string[]> {
  const ids: string[] = [];
  for (const [i, days] of ages.entries()) {
    const at = Date.now() - days * DAY_MS - (ages.length - i) * 1000;
    const id = newTaskId(at);
    ids.push(id);
    const own = state === 'cancelled' || state === 'expired' ? { 'roost:state': state } : { ats: 1, atm: 1 };
    await redis.hset(BASE + id, {
      ...{ name: 'divide', data: `{"roost":1,"input":{"x":${i},"y":4}}`, opts: '{}', timestamp: at },
      ...{ processedOn: at, finishedOn: at, delay: 0, priority: 0, ...own },
      ...(state === 'completed' ? { returnvalue: '{"quotient":"1"}' } : {}),
      ...(state === 'failed' ? { failedReason: 'no' } : {}),
    });
    await redis.zadd(BASE + state, at, id);
  }
  return ids;
}

describe('the retention of the history', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-history-'));
  const file = join(folder, 'history.db');
  let server: RedisServer;
  let redis: Redis;
  let engine: StoreEngine | undefined;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.url);
  });

  afterAll(async () => {
    engine?.close();
    redis.disconnect();
    await server.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lets go by age and by number of each state, of what is settled alone; their ids answer 410', async () => {
    const range = (n: number, days: number) => Array.from({ length: n }, () => days);
    // More than two pieces of a hundred.
    const oldCompleted = await put(redis, 'completed', range(230, 31));
    const completed = await put(redis, 'completed', range(20, 29));
    const oldFailed = await put(redis, 'failed', range(3, 91));
    const failed = await put(redis, 'failed', range(20, 31));
    const cancelled = await put(redis, 'cancelled', range(15, 2));
    const oldExpired = await put(redis, 'expired', range(2, 91));
    const env = { REDIS_URL: server.url, HISTORY_URL: `file:${file}` };

    const first = await startApp('web', {
      ...env,
      HISTORY_RETENTION_DAYS: '60',
      HISTORY_RETENTION_FAILED_DAYS: '120',
    });
    const waiting = await new ApiClient(first.url!).submit('divide', { x: 1, y: 4 });
    engine = openHistory(file);
    const byState = () => engine!.counts(null, Date.now()).byState;
    const all = { waiting: 1, completed: 250, failed: 23, cancelled: 15, expired: 2 };
    await until('all are recorded', () => isDeepStrictEqual(byState(), all));
    await first.stop();

    // Redis has its own retention: here it has dropped them.
    for (const name of ['default', 'cpu'])
      for (const state of ['completed', 'failed', 'cancelled', 'expired'])
        for (const id of await redis.zrange(`roost:${name}:${state}`, '0', '-1')) {
          await redis.del(`roost:${name}:${id}`);
          await redis.zrem(`roost:${name}:${state}`, id);
        }

    const second = await startApp('web', { ...env, HISTORY_RETENTION_COUNT: '12' });
    const api = new ApiClient(second.url!);
    const kept = { waiting: 1, completed: 12, failed: 12, cancelled: 12 };
    await until('all that is too old or too many is gone', () => isDeepStrictEqual(byState(), kept));

    const status = async (id: string) => (await api.call('GET', `/api/v1/tasks/${id}`)).status;
    for (const ids of [oldCompleted, oldFailed, oldExpired, completed.slice(0, 8), cancelled.slice(0, 3)])
      for (const id of [ids[0]!, ids.at(-1)!]) expect(await status(id)).toBe(410);
    for (const ids of [completed.slice(8), failed.slice(8), cancelled.slice(3)])
      for (const id of [ids[0]!, ids.at(-1)!]) expect(await status(id)).toBe(200);
    expect(await status(waiting.id)).toBe(200);
    const page = await fetch(`${second.url}/tasks/${oldCompleted[0]}`);
    expect(page.status).toBe(410);

    // They have been counted for good.
    const params = new URLSearchParams({
      from: new Date(Date.now() - 95 * DAY_MS).toISOString(),
      step: 'day',
    });
    const { total } = await api.get<{ total: object }>(`/api/v1/stats?${params}`);
    expect(total).toMatchObject({ completed: 250, failed: 23, cancelled: 15, expired: 2 });
    await second.stop();
  });
});
