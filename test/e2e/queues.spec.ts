import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { QueueDetail, QueueOutcome } from '../../src/queues/queues.openapi.js';
import { ApiClient } from '../support/api-client.js';
import { BrowserClient } from '../support/browser-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { addManyJobs } from '../support/many-jobs.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const MANY = 20_000;
const QUICK = { x: 1, y: 2 };
/** 2 s of work. */
const SLOW = { x: 1, y: 7, digits: 10, stepDelayMs: 200 };

/** Tasks of one call of a script at most: all of them in one would stop Redis for everybody, for 150 to 250 ms. */
const PIECE = 100;

describe('a queue under control', () => {
  let server: RedisServer;
  let redis: Redis;
  let web: RunningApp;
  let api: ApiClient;
  const workers: RunningApp[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.url);
    web = await startApp('web', { REDIS_URL: server.url });
    api = new ApiClient(web.url!);
  });

  afterAll(async () => {
    await Promise.all([...workers.map((worker) => worker.stop()), web.stop()]);
    redis.disconnect();
    await server.remove();
  });

  const get = () => api.get<QueueDetail>('/api/v1/queues/default');
  const post = async <T = QueueDetail>(verb: string, body?: object) => {
    const answer = await api.call('POST', `/api/v1/queues/default/${verb}`, body);
    return { status: answer.status, body: (await answer.json()) as T };
  };
  const scriptCalls = async () => {
    const stats = await redis.info('commandstats');
    return [...stats.matchAll(/cmdstat_evalsha?:calls=(\d+)/g)].reduce(
      (sum, [, calls]) => sum + Number(calls),
      0,
    );
  };
  const startWorker = async (name: string, env: object = {}) => {
    const worker = await startApp('worker', {
      REDIS_URL: server.url,
      WORKER_NAME: name,
      ...DEFAULT_QUEUE_ONLY,
      ...env,
    });
    workers.push(worker);
    return worker;
  };

  describe('with nobody who works', () => {
    beforeEach(() => redis.flushall());

    it('is warned of, unless it is paused', async () => {
      await api.submit('divide', QUICK);
      expect((await get()).warnings).toMatchObject([
        { code: 'NO_WORKER', message: expect.stringContaining('1 task waits') },
      ]);
      await post('pause');
      expect((await get()).warnings).toEqual([]);
    });

    it('shows who paused it, why and until when, and goes on by itself', async () => {
      const paused = (await post('pause', { reason: 'new database', forMs: 1500 })).body.paused!;
      expect(paused).toMatchObject({ by: 'api', reason: 'new database' });
      expect(Date.parse(paused.until!) - Date.parse(paused.since!)).toBe(1500);
      await until('it goes on', async () => (await get()).paused === null);
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(paused.until!));
      expect((await get()).actions.map(({ action, by }) => [action, by])).toEqual([
        ['resume', 'roost'],
        ['pause', 'api'],
      ]);
    });

    it('is paused and resumed as often as one likes; the last order holds', async () => {
      await post('pause', { reason: 'first', forMs: 60_000 });
      const again = (await post('pause', { reason: 'second' })).body.paused!;
      expect(again).toEqual({ by: 'api', since: expect.any(String), reason: 'second' });
      expect((await post('resume')).body.paused).toBeNull();
      const resumed = await post('resume');
      expect(resumed.body.actions.filter(({ action }) => action === 'resume')).toHaveLength(1);
    });

    it.each<[string, object, string, RegExp]>([
      ['pause', { until: '2020-01-01T00:00:00Z' }, 'until', /in the future/],
      [
        'pause',
        { until: new Date(Date.now() + 60_000).toISOString(), forMs: 5 },
        'forMs',
        /leave one of them out/,
      ],
      ['pause', { forMs: 0 }, 'forMs', /whole number of milliseconds/],
      ['pause', { reson: 'x' }, 'reson', /Did you mean `reason`/],
      ['drain', { delayed: 'yes' }, 'delayed', /true or false/],
      [
        'clean',
        { state: 'waiting', olderThanMs: 0 },
        'state',
        /one of: completed, failed, cancelled, expired/,
      ],
      ['clean', { state: 'failed' }, 'olderThanMs', /is missing/],
      ['concurrency', {}, 'value', /is missing.*null for none/],
      ['concurrency', { value: 0 }, 'value', /from 1 to 100000, or null/],
      ['concurrency', { value: null, forMs: 5 }, 'forMs', /leave it out/],
      ['rate-limit', { max: 5 }, 'perMs', /is missing/],
    ])('refuses %s %j and names the field', async (verb, body, path, words) => {
      const answer = await post<{ code: string; fields: { path: string; message: string }[] }>(verb, body);
      expect(answer).toMatchObject({ status: 422, body: { code: 'REQUEST_INVALID', fields: [{ path }] } });
      expect(answer.body.fields[0]!.message).toMatch(words);
    });

    it.each(['pause', 'resume', 'drain', 'clean', 'promote', 'concurrency', 'rate-limit'])(
      'knows no other queue to %s',
      async (verb) => {
        const answer = await api.call('POST', `/api/v1/queues/nope/${verb}`, {});
        expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
          404,
          'QUEUE_NOT_FOUND',
        ]);
      },
    );

    it('shows whose a queue of another program is, shows what it holds, and controls it in no way', async () => {
      const other = new Queue('mail', { connection: { url: server.url } });
      try {
        await other.addBulk([1, 2, 3].map((n) => ({ name: 'letter', data: { n } })));
        await other.pause();
        const read = await api.call('GET', '/api/v1/queues/bull:mail');
        expect([read.status, await read.json()]).toEqual([
          409,
          expect.objectContaining({
            code: 'QUEUE_NOT_OURS',
            detail: expect.stringContaining('the queue `mail` of another BullMQ program (prefix `bull`)'),
            tasks: '/api/v1/tasks?queue=bull%3Amail',
          }),
        ]);
        const drain = await api.call('POST', '/api/v1/queues/bull:mail/drain', {});
        expect(drain.status).toBe(409);
        expect(await other.count()).toBe(3);
        const browser = new BrowserClient(web.url!);
        const page = await browser.get('/monitor/queues/bull%3Amail');
        expect(page.status).toBe(200);
        expect(page.text).toContain('This queue belongs to another program');
        expect(page.text).toMatch(
          /href="\/tasks\?queue&#x3D;bull%3Amail&amp;state&#x3D;waiting"[^]*?class="num">3</,
        );
        expect(page.text).not.toMatch(/Resume|Drain…|Clean…/);
        expect((await browser.get('/monitor/queues/bull%3Anope')).status).toBe(404);
        expect((await browser.get('/monitor/queues/bull%3Amail/drain')).status).toBe(409);
      } finally {
        await other.close();
      }
    });

    it('shows what waits by task type', async () => {
      await Promise.all([api.submit('divide', QUICK), api.submit('divide', QUICK, { priority: 5 })]);
      await api.submit('process-text', { text: 'a', operation: 'upper' });
      expect((await get()).composition).toEqual({
        sampled: 3,
        of: 3,
        types: [
          { type: 'divide', count: 2 },
          { type: 'process-text', count: 1 },
        ],
      });
    });

    it('promotes what is delayed in order and with its priority', async () => {
      const later = { delayMs: 3_600_000 };
      const plain = await api.submit('divide', QUICK, later);
      const urgent = await api.submit('divide', QUICK, { ...later, priority: 1 });
      expect((await post<QueueOutcome>('promote')).body).toMatchObject({ done: 2, more: false });
      expect(await redis.lrange('roost:default:wait', 0, -1)).toEqual([plain.id]);
      expect(await redis.zrange('roost:default:prioritized', '0', '-1')).toEqual([urgent.id]);
      expect((await api.task(plain.id)).state).toBe('waiting');
    });

    it('drains into lasting cancelled tasks that a retry brings back; a flow stays', async () => {
      const task = await api.submit('divide', QUICK);
      const delayed = await api.submit('divide', QUICK, { delayMs: 60_000 });
      await addManyJobs(redis, 'wait', 1);
      await redis.hset('roost:default:many-0', 'parentKey', 'roost:default:parent');
      expect((await post<QueueOutcome>('drain', { reason: 'by mistake' })).body).toMatchObject({
        done: 1,
        more: false,
      });
      expect(await api.task(task.id)).toMatchObject({
        state: 'cancelled',
        cancelled: { by: 'api', reason: 'by mistake' },
      });
      expect((await get()).counts).toMatchObject({ waiting: 1, delayed: 1, cancelled: 1 });
      expect((await post<QueueOutcome>('drain', { delayed: true })).body.done).toBe(1);
      expect((await api.task(delayed.id)).state).toBe('cancelled');
      const retried = await api.call('POST', `/api/v1/tasks/${task.id}/retry`);
      expect(((await retried.json()) as { state: string }).state).toBe('waiting');
    });

    it('cleans by state and age, the oldest first', async () => {
      for (let i = 0; i < 3; i++) await api.submit('divide', QUICK);
      await post('drain');
      expect((await post<QueueOutcome>('clean', { state: 'cancelled', olderThanMs: 60_000 })).body.done).toBe(
        0,
      );
      expect((await post<QueueOutcome>('clean', { state: 'failed', olderThanMs: 0 })).body.done).toBe(0);
      expect(
        (await post<QueueOutcome>('clean', { state: 'cancelled', olderThanMs: 0, limit: 2 })).body,
      ).toMatchObject({ done: 2 });
      expect((await get()).counts.cancelled).toBe(1);
    });

    it('drains, cleans and promotes 20,000 tasks in pieces, between which others are answered', async () => {
      const pieces = async (verb: string, body: object) => {
        const before = await scriptCalls();
        let done = 0;
        // A call ends at its time limit where Redis is slow, and says that there is more.
        for (let more = true; more;) {
          const outcome = (await post<QueueOutcome>(verb, body)).body;
          done += outcome.done;
          more = outcome.more && outcome.done > 0;
        }
        expect(done).toBe(MANY);
        expect((await scriptCalls()) - before).toBeGreaterThanOrEqual(MANY / PIECE);
      };
      await addManyJobs(redis, 'wait', MANY);
      await pieces('drain', { reason: 'many' });
      expect((await get()).counts).toMatchObject({ waiting: 0, cancelled: MANY });
      await pieces('clean', { state: 'cancelled', olderThanMs: 0 });
      await addManyJobs(redis, 'delayed', MANY);
      await pieces('promote', {});
      expect((await get()).counts).toMatchObject({ waiting: MANY, delayed: 0 });
    });
  });

  describe('with two workers', () => {
    beforeAll(async () => {
      await redis.flushall();
      await Promise.all([
        startWorker('alpha', { WORKER_CONCURRENCY: '4' }),
        startWorker('beta', { WORKER_CONCURRENCY: '4' }),
      ]);
      await until('both are there', async () => (await get()).workers === 2);
    });

    const running = async () => (await get()).counts.active;
    const done = (ids: string[]) => Promise.all(ids.map((id) => api.inState(id, ['completed'])));

    it('shows who serves it and how many slots are in use', async () => {
      const { id } = await api.submit('divide', SLOW);
      await until('one is taken', async () => (await get()).slots.used === 1);
      const { consumers, slots } = await get();
      expect(slots).toEqual({ used: 1, total: 8 });
      expect(consumers.map(({ worker, concurrency }) => [worker, concurrency])).toEqual([
        ['alpha', 4],
        ['beta', 4],
      ]);
      await done([id]);
    });

    it('runs no more at once than it may, all workers together, and more again when the time is over', async () => {
      const set = (await post('concurrency', { value: 2, forMs: 3000, reason: 'spare it' })).body;
      expect(set.globalConcurrency).toMatchObject({
        value: 2,
        origin: 'override',
        by: 'api',
        reason: 'spare it',
      });
      const tasks = await Promise.all(Array.from({ length: 8 }, () => api.submit('divide', SLOW)));
      await until('two run', async () => (await running()) === 2);
      let most = 0;
      await until('the limit is over', async () => {
        const { counts, globalConcurrency } = await get();
        if (globalConcurrency.origin === 'default') return true;
        most = Math.max(most, counts.active);
        return false;
      });
      expect(most).toBe(2);
      await until('more run', async () => (await running()) > 2);
      await done(tasks.map(({ id }) => id));
    });

    it('starts no more per time than it may, and shows when the next may', async () => {
      await post('rate-limit', { max: 3, perMs: 1500 });
      const tasks = await Promise.all(Array.from({ length: 7 }, () => api.submit('divide', QUICK)));
      await until('it waits', async () => ((await get()).rateLimit?.waitMs ?? 0) > 0);
      const views = await done(tasks.map(({ id }) => id));
      const starts = views.map(({ startedAt }) => Date.parse(startedAt!)).sort((a, b) => a - b);
      expect(starts[3]! - starts[0]!).toBeGreaterThanOrEqual(1400);
      expect(starts[6]! - starts[3]!).toBeGreaterThanOrEqual(1400);
      expect((await post('rate-limit', { max: null })).body.rateLimit).toBeNull();
    });

    it('goes on at once when a long rate limit is lifted', async () => {
      await post('rate-limit', { max: 1, perMs: 600_000 });
      const tasks = await Promise.all([1, 2, 3].map(() => api.submit('divide', QUICK)));
      await until('one is done', async () => (await get()).rateLimit!.waitMs > 0);
      await post('rate-limit', { max: null });
      const liftedAt = Date.now();
      await done(tasks.map(({ id }) => id));
      expect(Date.now() - liftedAt).toBeLessThan(20_000);
    });

    it('goes on in time when only workers are left to notice', async () => {
      const { paused } = (await post('pause', { forMs: 2000 })).body;
      const { id } = await api.submit('divide', QUICK);
      await web.kill();
      await until(
        'it has run',
        async () => (await redis.zscore('roost:default:completed', id)) !== null,
        8000,
      );
      expect(Number(await redis.hget(`roost:default:${id}`, 'processedOn'))).toBeGreaterThanOrEqual(
        Date.parse(paused!.until!),
      );
      web = await startApp('web', { REDIS_URL: server.url });
      api = new ApiClient(web.url!);
    });

    it('shows how many came in and went out', async () => {
      await until('it knows', async () => (await get()).inPerMinute !== null);
      const before = await get();
      await done(
        (await Promise.all(Array.from({ length: 20 }, () => api.submit('divide', QUICK)))).map(
          ({ id }) => id,
        ),
      );
      const after = await get();
      expect(after.inPerMinute! - before.inPerMinute!).toBeGreaterThan(5);
      expect(after.outPerMinute! - before.outPerMinute!).toBeGreaterThan(5);
    });
  });
});
