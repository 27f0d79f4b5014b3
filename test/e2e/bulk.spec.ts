import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BulkPreview, BulkView, OutcomeView } from '../../src/bulk-actions/bulk-actions.openapi.js';
import type { HistoryStore } from '../../src/history/ports/history-store.js';
import { ApiClient } from '../support/api-client.js';
import { BrowserClient } from '../support/browser-client.js';
import { openHistory } from '../support/history-file.js';
import { addFailedTasks } from '../support/many-failed.js';
import { addManyJobs } from '../support/many-jobs.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const MANY = 5000;
const ENDED = ['completed', 'aborted', 'undone', 'failed'];

describe('bulk actions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-bulk-'));
  const file = join(folder, 'history.db');
  let server: RedisServer;
  let redis: Redis;
  let web: RunningApp;
  let api: ApiClient;
  let history: HistoryStore;
  const workers: RunningApp[] = [];
  const env = () => ({ REDIS_URL: server.url, HISTORY_URL: `file:${file}` });

  const startWeb = async () => {
    web = await startApp('web', env());
    api = new ApiClient(web.url!);
  };
  const post = async <T = BulkView>(body: object, headers?: Record<string, string>) => {
    const answer = await api.call('POST', '/api/v1/bulk-actions', body, headers);
    return { status: answer.status, body: (await answer.json()) as T };
  };
  const bulk = (id: string) => api.get<BulkView>(`/api/v1/bulk-actions/${id}`);
  const ended = (id: string, limitMs = 60_000) =>
    until(
      `${id} has ended`,
      async () => {
        const now = await bulk(id);
        return ENDED.includes(now.state) && now;
      },
      limitMs,
    );
  const sum = ({ counts }: BulkView) => Object.values(counts).reduce((a, b) => a + b, 0);
  /** A type of its own for each test, that no worker knows unless it is `divide`. */
  const seed = (count: number, type?: string) => addFailedTasks(redis, history, count, type ? { type } : {});
  const starts = async (ids: string[]) => {
    const pipeline = redis.pipeline();
    for (const id of ids) pipeline.hmget(`roost:default:${id}`, 'ats', 'finishedOn', 'returnvalue');
    return ((await pipeline.exec()) ?? []).map(([, values]) => values as (string | null)[]);
  };

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.url);
    history = await openHistory(file);
    await startWeb();
  });

  afterAll(async () => {
    await Promise.all([...workers.map((worker) => worker.stop()), web.stop()]);
    await history.close();
    redis.disconnect();
    await server.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('with nobody who works', () => {
    it('says first what it would do: exact counts by state, the rest with why, ten of them', async () => {
      await seed(12, 'counted');
      await history.record({
        tasks: [
          {
            queue: 'default',
            id: 'counted-done',
            state: 'completed',
            type: 'counted',
            createdAt: Date.now(),
          },
          { queue: 'bull:mail', id: '7', state: 'failed', type: 'counted', createdAt: Date.now() },
        ],
        ...{ attempts: [], transitions: [], logs: [], progress: [], removed: [], cursors: {} },
      });
      const { status, body } = await post<BulkPreview>({ action: 'retry', type: 'counted', dryRun: true });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        q: 'type:counted',
        total: 14,
        applies: 12,
        states: [
          { state: 'failed', count: 12, applies: true },
          {
            state: 'completed',
            count: 1,
            applies: false,
            why: 'they have completed; submit them again instead',
          },
        ],
        others: [{ why: 'of another program: Roost does not own the queue bull:mail', count: 1 }],
        sampleGone: 1,
      });
      expect(body.sample).toHaveLength(10);
      expect(await redis.zcard('roost:default:failed')).toBe(12);
      // The list and the bar offer the same as what then happens.
      const rows = (await new BrowserClient(web.url!).get('/tasks?q=type:counted')).text.split('<tr id="');
      const offers = (id: string) => {
        const row = rows.find((one) => one.startsWith(`row-${id}"`))!;
        return [/data-acts="([^"]*)"/.exec(row)![1], row.includes('/retry"')];
      };
      expect(offers('counted-done')).toEqual(['delete', false]);
      expect(offers('bull:mail/7')).toEqual(['', false]);
      const gone = [...(await history.ids(null, { limit: 1000, now: Date.now() })).items].filter(
        ({ queue, id }) => queue === 'default' && rows.some((row) => row.startsWith(`row-${id}"`)),
      );
      expect(gone.map(({ id }) => offers(id)).sort()).toEqual([
        ['delete', false],
        ...Array<unknown>(12).fill(['retry delete', true]),
      ]);
      const named = await post<BulkPreview>({ action: 'retry', ids: ['counted-done'], dryRun: true });
      expect(named.body.applies).toBe(0);
    });

    it('skips, with the reason of each, what it does not apply to', async () => {
      const { body } = await post({ action: 'retry', type: 'counted' });
      expect(await ended(body.id)).toMatchObject({
        state: 'completed',
        total: 14,
        counts: { done: 12, skipped: 2, failed: 0, untouched: 0 },
      });
      const { items } = await api.get<{ items: OutcomeView[] }>(`${body.links.outcomes}?outcome=skipped`);
      expect(items.map(({ queue, detail }) => [queue, detail])).toEqual([
        ['default', 'gone from Redis: submit it again'],
        ['bull:mail', 'it belongs to another program: Roost does not own the queue bull:mail'],
      ]);
    });

    it('acts on tasks that are named, by id or by queue and id, each once', async () => {
      const ids = await seed(3, 'named');
      const { status, body } = await post({
        action: 'delete',
        ids: [ids[0], `default/${ids[1]}`, `default/${ids[0]}`, 'nobody'],
      });
      expect(status).toBe(202);
      expect(await ended(body.id)).toMatchObject({ total: 3, counts: { done: 2, skipped: 1 } });
      const { items } = await api.get<{ items: OutcomeView[] }>(body.links.outcomes);
      expect(items.at(-1)).toMatchObject({ id: 'nobody', outcome: 'skipped', detail: 'no such task' });
      expect(await redis.exists(`roost:default:${ids[0]}`, `roost:default:${ids[1]}`)).toBe(0);
      expect(await redis.exists(`roost:default:${ids[2]}`)).toBe(1);
    });

    it('leaves all where a delete is undone within its time, and deletes them where it is not', async () => {
      await seed(20, 'undone');
      const first = (await post({ action: 'delete', type: 'undone', undoMs: 60_000 })).body;
      expect(first.state).toBe('pending');
      await until('they are counted', async () => (await bulk(first.id)).total === 20);
      const undone = await api.call('POST', first.links.abort);
      expect([undone.status, ((await undone.json()) as BulkView).state]).toEqual([200, 'undone']);
      const dry = await post<BulkPreview>({ action: 'delete', type: 'undone', dryRun: true });
      expect(dry.body.applies).toBe(20);
      const second = (await post({ action: 'delete', type: 'undone', undoMs: 300, reason: 'not needed' }))
        .body;
      expect(await ended(second.id)).toMatchObject({
        state: 'completed',
        counts: { done: 20 },
        reason: 'not needed',
      });
      expect((await bulk(second.id)).startedAt! >= second.startsAt).toBe(true);
      expect((await bulk(first.id)).counts).toMatchObject({ done: 0, untouched: 20 });
    });

    it('is the same bulk action for the same key', async () => {
      await seed(2, 'keyed');
      const key = { 'idempotency-key': 'retry-them' };
      const first = await post({ action: 'retry', type: 'keyed' }, key);
      const again = await post({ action: 'retry', type: 'keyed' }, key);
      expect([first.status, again.status, again.body.id]).toEqual([202, 200, first.body.id]);
      const other = await post<{ code: string }>({ action: 'cancel', type: 'keyed' }, key);
      expect([other.status, other.body.code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
    });

    it.each<[object, number, string, RegExp]>([
      [{}, 422, 'action', /retry, cancel, delete, move/],
      [{ action: 'retry' }, 422, 'q', /select tasks by/],
      [{ action: 'retry', q: '', ids: ['x'] }, 422, 'ids', /leave one of them out/],
      [{ action: 'retry', ids: [] }, 422, 'ids', /1 to 1000/],
      [{ action: 'retry', ids: [5] }, 422, 'ids', /list of ids/],
      [{ action: 'move', q: '' }, 422, 'to', /queue to move to: default, cpu/],
      [{ action: 'move', q: '', to: 'nope' }, 422, 'to', /one of: default, cpu/],
      [{ action: 'retry', q: '', to: 'cpu' }, 422, 'to', /only for the action move/],
      [{ action: 'retry', quary: 'x' }, 422, 'quary', /Known: action, q/],
      [{ action: 'retry', q: 'state:faild' }, 400, 'q', /Column 1.*Did you mean failed/],
      [{ action: 'retry', state: 'faild' }, 400, 'state', /Did you mean failed/],
    ])('refuses %j and names the field', async (body, status, path, words) => {
      const answer = await post<{ fields: { path: string; message: string }[] }>(body);
      expect(answer).toMatchObject({ status, body: { fields: [{ path }] } });
      expect(answer.body.fields[0]!.message).toMatch(words);
    });

    it('knows no bulk action that is none', async () => {
      for (const path of ['/api/v1/bulk-actions/nope', '/api/v1/bulk-actions/nope/outcomes']) {
        const answer = await api.call('GET', path);
        expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
          404,
          'BULK_NOT_FOUND',
        ]);
      }
      expect((await api.call('POST', '/api/v1/bulk-actions/nope/abort')).status).toBe(404);
    });

    it('stops soon in the middle, and its outcomes add up', async () => {
      await seed(MANY, 'aborted');
      const { id, links } = (await post({ action: 'retry', type: 'aborted' })).body;
      await until('some are done', async () => (await bulk(id)).counts.done > 0);
      const at = Date.now();
      await api.call('POST', links.abort);
      const now = await ended(id);
      expect(now.state).toBe('aborted');
      expect(Date.parse(now.finishedAt!) - at).toBeLessThan(30_000);
      expect(sum(now)).toBe(MANY);
      expect(now.counts.untouched).toBeGreaterThan(0);
      const waiting = await redis.llen('roost:default:wait');
      const { items } = await api.get<{ items: OutcomeView[] }>(`${links.outcomes}?outcome=untouched`);
      expect(await redis.hexists(`roost:default:${items[0]!.id}`, 'finishedOn')).toBe(1);
      // Tasks of the tests before: retried ones wait as well.
      expect(waiting).toBeGreaterThanOrEqual(now.counts.done);
    });

    it('goes on where a killed process was, and does nothing twice', async () => {
      await redis.flushall();
      const ids = await seed(MANY, 'killed');
      const { id } = (await post({ action: 'retry', type: 'killed' })).body;
      for (const share of [0.1, 0.4, 0.7]) {
        await until(`${share} is done`, async () => (await bulk(id)).counts.done > share * MANY);
        await web.kill();
        await startWeb();
      }
      const now = await ended(id);
      expect(now).toMatchObject({ state: 'completed', counts: { done: MANY, skipped: 0, failed: 0 } });
      // A task that was put back twice would wait twice.
      const waiting = await redis.lrange('roost:default:wait', 0, -1);
      expect(waiting).toHaveLength(MANY);
      expect(new Set(waiting)).toEqual(new Set(ids));
      const events = await redis.xlen('roost:default:events');
      expect(events).toBe(MANY);
    });

    it('deletes for good across a kill, and counts every one as done', async () => {
      await redis.flushall();
      await seed(MANY, 'gone');
      const { id } = (await post({ action: 'delete', type: 'gone' })).body;
      await until('some are gone', async () => (await bulk(id)).counts.done > 500);
      await web.kill();
      await startWeb();
      expect(await ended(id)).toMatchObject({ counts: { done: MANY, skipped: 0 } });
      expect(await redis.zcard('roost:default:failed')).toBe(0);
      const { items } = await api.get<{ items: OutcomeView[] }>(
        `/api/v1/bulk-actions/${id}/outcomes?limit=1000`,
      );
      expect(items.filter(({ detail }) => detail)).toEqual([]);
    });

    it('waits for Redis and goes on by itself', async () => {
      await redis.flushall();
      await seed(2000, 'away');
      const { id } = (await post({ action: 'retry', type: 'away' })).body;
      await until('some are done', async () => (await bulk(id)).counts.done > 0);
      server.freeze();
      try {
        await until('it says so', async () => /Redis does not answer/.test((await bulk(id)).trouble ?? ''));
      } finally {
        server.thaw();
      }
      expect(await ended(id)).toMatchObject({ counts: { done: 2000 } });
      expect((await bulk(id)).trouble).toBeUndefined();
      expect(await redis.llen('roost:default:wait')).toBe(2000);
    });

    it('takes turns where there are several', async () => {
      await redis.flushall();
      await Promise.all([seed(1500, 'one'), seed(1500, 'two')]);
      const [one, two] = await Promise.all(
        ['one', 'two'].map(async (type) => (await post({ action: 'retry', type })).body.id),
      );
      const both = [await ended(one!), await ended(two!)];
      const [a, b] = both.map(({ startedAt, finishedAt }) => [
        Date.parse(startedAt!),
        Date.parse(finishedAt!),
      ]);
      expect(both.map(({ counts }) => counts.done)).toEqual([1500, 1500]);
      expect(Math.max(a![0]!, b![0]!)).toBeLessThan(Math.min(a![1]!, b![1]!));
    });

    it('cancels what waits and is delayed, at once and with who and why', async () => {
      await redis.flushall();
      const waiting = await api.submit('divide', { x: 1, y: 2 });
      const delayed = await api.submit('divide', { x: 1, y: 2 }, { delayMs: 60_000 });
      const { body } = await post({
        action: 'cancel',
        ids: [waiting.id, delayed.id],
        reason: 'by mistake',
      });
      expect(await ended(body.id)).toMatchObject({ counts: { done: 2 } });
      for (const { id } of [waiting, delayed]) {
        expect(await api.task(id)).toMatchObject({
          state: 'cancelled',
          cancelled: { by: 'api', reason: 'by mistake' },
        });
      }
    });

    it('moves what has not started, with input, priority, delay and log, and refuses the rest', async () => {
      await redis.flushall();
      const plain = await api.submit('divide', { x: 1, y: 2 }, { tags: ['a'] });
      const urgent = await api.submit('divide', { x: 3, y: 4 }, { priority: 7 });
      const later = await api.submit('divide', { x: 5, y: 6 }, { delayMs: 3_600_000, expiresAt: in2h() });
      const [failed] = await seed(1, 'moved');
      await redis.rpush(
        `roost:default:${plain.id}:logs`,
        '{"text":"kept","at":"2026-12-01T00:00:00.000Z","level":"info","attempt":1}',
      );
      const { body } = await post({
        action: 'move',
        to: 'cpu',
        ids: [plain.id, urgent.id, later.id, failed!],
      });
      expect(await ended(body.id)).toMatchObject({ to: 'cpu', counts: { done: 3, skipped: 1 } });
      expect(await api.task(plain.id)).toMatchObject({
        queue: 'cpu',
        state: 'waiting',
        input: { x: 1, y: 2 },
        tags: ['a'],
      });
      expect(await api.task(urgent.id)).toMatchObject({ queue: 'cpu', state: 'waiting', priority: 7 });
      const moved = await api.task(later.id);
      expect(moved).toMatchObject({ queue: 'cpu', state: 'delayed', expiresAt: expect.any(String) });
      expect(moved.delayUntil).toBe(later.delayUntil);
      expect(await api.get(`/api/v1/tasks/${plain.id}/logs`)).toMatchObject({ items: [{ text: 'kept' }] });
      expect(await redis.keys(`roost:default:${plain.id}*`)).toEqual([]);
      expect(await redis.llen('roost:default:wait')).toBe(0);
      expect(await redis.zscore('roost:cpu:expiry', later.id)).not.toBeNull();
      // In the history it is the same task, with its past.
      const kept = await until('the history knows', async () => {
        const task = await history.get(plain.id);
        return task?.queue === 'cpu' && task;
      });
      expect(kept.tags).toEqual(['a']);
      const way = await history.transitions(plain.id, 'cpu');
      expect(way.map(({ state, detail }) => [state, detail])).toEqual([
        ['waiting', undefined],
        ['waiting', 'moved from default'],
      ]);
      expect(await history.get(plain.id, 'default')).toBeUndefined();
    });

    it('moves a single task, and shows why not where it cannot', async () => {
      const { id } = await api.submit('divide', { x: 1, y: 2 });
      const move = async (body: object) => {
        const answer = await api.call('POST', `/api/v1/tasks/${id}/move`, body);
        return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
      };
      expect(await move({ queue: 'cpu' })).toMatchObject({ status: 200, body: { queue: 'cpu' } });
      expect(await move({ queue: 'cpu' })).toMatchObject({
        status: 409,
        body: { code: 'TASK_STATE_CONFLICT', detail: expect.stringContaining('it is in cpu already') },
      });
      expect(await move({ queue: 'nope' })).toMatchObject({
        status: 422,
        body: { fields: [{ path: 'queue' }] },
      });
    });

    it('cancels deep in a long queue', async () => {
      await redis.flushall();
      await addManyJobs(redis, 'wait', 100_000);
      const ids = Array.from({ length: 500 }, (_, i) => `many-${50_000 + i}`);
      const { body } = await post({ action: 'cancel', ids });
      expect(await ended(body.id)).toMatchObject({ counts: { done: 500 } });
      expect(await redis.llen('roost:default:wait')).toBe(99_500);
      expect(await api.task('many-50499')).toMatchObject({ state: 'cancelled' });
      expect(await api.task('many-50500')).toMatchObject({ state: 'waiting' });
    });
  });

  describe('with two workers', () => {
    beforeAll(async () => {
      await redis.flushall();
      const started = ['alpha', 'beta'].map((name) =>
        startApp('worker', { ...env(), ...DEFAULT_QUEUE_ONLY, WORKER_NAME: name }),
      );
      workers.push(...(await Promise.all(started)));
    });

    it('retries 5,000 failed ones by a query: counted, seen on the way, each run again once', async () => {
      const ids = await seed(MANY);
      const request = { action: 'retry', q: 'state:failed type:divide' };
      expect((await post<BulkPreview>({ ...request, dryRun: true })).body).toMatchObject({ applies: MANY });
      const { id } = (await post(request)).body;
      const seen = new Set<number>();
      const now = await until(
        'it has ended',
        async () => {
          const view = await bulk(id);
          seen.add(view.counts.done);
          return view.state === 'completed' && view;
        },
        60_000,
      );
      expect(now).toMatchObject({ total: MANY, counts: { done: MANY, skipped: 0, failed: 0, untouched: 0 } });
      expect(seen.size).toBeGreaterThan(5);
      await until(
        'all have run',
        async () => (await redis.zcard('roost:default:completed')) === MANY,
        60_000,
      );
      const rows = await starts(ids);
      expect(rows.filter(([ats, at, value]) => ats !== '2' || !at || !value)).toEqual([]);
    });

    it('asks the worker of a running task to let go', async () => {
      const { id } = await api.submit('divide', { x: 1, y: 7, digits: 2000, stepDelayMs: 50 });
      await api.inState(id, ['active']);
      const { body } = await post({ action: 'cancel', ids: [id] });
      expect(await ended(body.id)).toMatchObject({ counts: { asked: 1 } });
      await api.inState(id, ['cancelled']);
    });
  });
});

function in2h(): string {
  return new Date(Date.now() + 7_200_000).toISOString();
}
