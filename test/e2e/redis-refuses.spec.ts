import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { ContractClient, codesOf } from '../support/api-contract.js';
import { expectGoodProblem } from '../support/expect-problem.js';
import { provoke, type Ids } from '../support/provoke.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const DIVIDE = { type: 'divide', input: { x: 10, y: 2 } };
const LATER = { ...DIVIDE, options: { delayMs: 3_600_000 } };
/** Writes that need nothing of Redis: what they start waits for it. */
const WITHOUT_REDIS = /^POST \/api\/v1\/bulk-actions|^(POST|DELETE) \/api\/v1\/tokens/;

interface Check {
  ok: boolean;
  detail?: string;
  role?: string;
  writes?: string;
}

describe('a Redis that answers and does not do what it is asked', () => {
  let roost: Roost;
  let api: ContractClient;
  let redis: Redis;
  let ids: Ids;
  let delayed: string;

  beforeAll(async () => {
    roost = await Roost.start({ env: { LOG_LEVEL: 'info', ...DEFAULT_QUEUE_ONLY } });
    redis = new Redis(roost.redis.url);
    redis.on('error', () => undefined);
    api = await ContractClient.of(roost.url);
    await until('a worker is there', async () => (await api.get('/health/ready')).status === 200);
    const done = (await api.post('/api/v1/tasks?wait=10', DIVIDE)).body.id as string;
    const worker = (await api.get('/api/v1/workers')).body.items[0].id as string;
    delayed = (await api.post('/api/v1/tasks', LATER)).body.id as string;
    ids = { done, gone: done, running: done, worker, group: '' };
  });

  afterAll(async () => {
    redis.disconnect();
    await roost.stop();
  });

  const checks = async () => {
    const { status, body } = await api.get('/health/ready');
    return { status, ...(body.checks as { redis: Check; workers: Check }) };
  };
  const page = async (path: string) => {
    const answer = await fetch(roost.url + path, { headers: { accept: 'text/html' } });
    return { status: answer.status, text: await answer.text() };
  };
  const warnings = async () =>
    ((await api.get('/api/v1/monitor')).body.warnings as { code: string }[]).map(({ code }) => code);
  /** Says what it is in readiness, on the monitor and to a submit; never that no worker is there. */
  const expectTold = async (code: string, words: RegExp, role = 'primary') => {
    await until(`it is known: ${words}`, async () => words.test((await checks()).redis.detail ?? ''));
    const { status, redis: found, workers } = await checks();
    expect([status, found]).toEqual([503, expect.objectContaining({ ok: false, role, writes: 'refused' })]);
    expect(workers.detail ?? '').not.toContain('no worker is online');
    const refused = await api.post('/api/v1/tasks', DIVIDE);
    expect(refused.body).toMatchObject({ status: 503, code });
    expect(refused.body.detail).toMatch(words);
    expectGoodProblem(refused);
    const bulk = await api.post('/api/v1/tasks/bulk', [DIVIDE, DIVIDE]);
    expect(bulk.body).toMatchObject({ status: 503, code });
  };
  const expectWell = async () => {
    await until('ready again', async () => (await checks()).status === 200);
    expect((await api.post('/api/v1/tasks?wait=10', DIVIDE)).body.state).toBe('completed');
    expect(await warnings()).not.toContain('NO_WORKER');
  };

  it('is ready, with what was looked up', async () => {
    expect(await checks()).toMatchObject({
      status: 200,
      redis: { ok: true, role: 'primary', writes: 'accepted' },
    });
  });

  it('a replica: every write reports it, what can be read is read, no worker is declared gone', async () => {
    await redis.replicaof('127.0.0.1', '1');
    try {
      await expectTold('REDIS_READ_ONLY', /Redis is a read-only replica.*REPLICAOF NO ONE/, 'replica');
      for (const call of api.contract.calls) {
        const name = `${call.method} ${call.path}`;
        if (!codesOf(call).includes('REDIS_READ_ONLY') || WITHOUT_REDIS.test(name)) continue;
        const answer = await provoke(api, call, 'REDIS_READ_ONLY', { ...ids, done: delayed });
        // Some are refused before they come to Redis.
        expect([name, answer.status < 500 || answer.body.code]).toEqual([
          name,
          answer.status < 500 ? true : 'REDIS_READ_ONLY',
        ]);
        if (answer.status === 503) expectGoodProblem(answer);
      }
      const token = await api.post('/api/v1/tasks', LATER, { 'idempotency-key': 'on-a-replica' });
      expect(token.body.code).toBe('REDIS_READ_ONLY');
      await until('its lease has run out', async () => {
        const { items } = (await api.get('/api/v1/workers')).body;
        return items[0].status === 'unknown';
      });
      expect(await warnings()).toEqual(expect.arrayContaining(['REDIS_READ_ONLY']));
      expect(await warnings()).not.toContain('NO_WORKER');
      expect((await checks()).workers).toEqual({ ok: false, detail: expect.stringMatching(/^not known/) });
      const why = (await api.get(`/api/v1/tasks/${delayed}/why`)).body;
      expect(why.blockers[0]).toMatchObject({ code: 'REDIS_TROUBLE' });
      expect(why.blockers.map(({ code }: { code: string }) => code)).not.toContain('NO_WORKER');
      for (const path of [
        '/',
        '/submit',
        '/tasks',
        `/tasks/${delayed}`,
        '/monitor',
        '/monitor/workers',
        '/monitor/queues/cpu',
      ]) {
        const { status, text } = await page(path);
        expect([path, status]).toEqual([path, 200]);
        expect(text).toContain('Redis is a read-only replica');
        expect(text).not.toMatch(/Start one|No worker/);
      }
    } finally {
      await redis.replicaof('NO', 'ONE');
    }
    await expectWell();
    // Once for each process, whatever was tried meanwhile.
    expect(roost.logs().web.match(/"msg":"Redis is a read-only replica/g)).toHaveLength(1);
    expect(roost.logs().worker.match(/"msg":"Redis is a read-only replica/g)).toHaveLength(1);
  });

  it('too few replicas', async () => {
    await redis.config('SET', 'min-replicas-to-write', '1');
    try {
      await expectTold('REDIS_READ_ONLY', /fewer replicas connected.*lower min-replicas-to-write/);
    } finally {
      await redis.config('SET', 'min-replicas-to-write', '0');
    }
    await expectWell();
  });

  it('no memory left', async () => {
    await redis.config('SET', 'maxmemory', '1');
    try {
      await expectTold('STORAGE_FULL', /no memory left.*Raise its maxmemory/);
      expect(await warnings()).toContain('STORAGE_FULL');
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
    await expectWell();
  });

  it('a snapshot that could not be written', async () => {
    const inTheWay = join(roost.redis.dir, 'dump.rdb');
    mkdirSync(inTheWay);
    await redis.config('SET', 'save', '3600 1');
    await redis.bgsave();
    try {
      await expectTold('STORAGE_FULL', /cannot write to its disk/);
    } finally {
      rmdirSync(inTheWay);
      await redis.config('SET', 'save', '');
    }
    await expectWell();
  });

  it('a script that takes too long', async () => {
    await redis.config('SET', 'lua-time-limit', '50');
    const endless = new Redis(roost.redis.url);
    const ended = endless.eval('while true do end', 0).catch(() => undefined);
    try {
      await until('it is known', async () => /busy with a script/.test((await checks()).redis.detail ?? ''));
      expect((await api.post('/api/v1/tasks', DIVIDE)).body).toMatchObject({
        status: 503,
        code: 'REDIS_REFUSED',
      });
      expect((await checks()).workers.detail).toMatch(/^not known/);
      const { status, text } = await page('/monitor/workers');
      expect([status, text]).toEqual([503, expect.stringContaining('busy with a script')]);
    } finally {
      await redis.call('SCRIPT', 'KILL');
      await ended;
      endless.disconnect();
    }
    await expectWell();
  });

  it('a replica without its primary that answers nothing', async () => {
    await redis.config('SET', 'replica-serve-stale-data', 'no');
    await redis.replicaof('127.0.0.1', '1');
    try {
      await until('it is known', async () => /lost its primary/.test((await checks()).redis.detail ?? ''));
      expect((await api.get('/api/v1/queues')).body).toMatchObject({ status: 503, code: 'REDIS_REFUSED' });
    } finally {
      await redis.replicaof('NO', 'ONE');
      await redis.config('SET', 'replica-serve-stale-data', 'yes');
    }
    await expectWell();
  });

  it('a command that its user may not use', async () => {
    await redis.call('ACL', 'SETUSER', 'default', '-hset');
    try {
      const answer = await api.call('PUT', '/api/v1/limits/divide', { concurrency: 1 });
      expect(answer.body).toMatchObject({ status: 503, code: 'REDIS_REFUSED' });
      expect(answer.body.detail).toMatch(/may not use HSET.*docs\/security\.md/);
      await until('it is known', async () => /may not use HSET/.test((await checks()).redis.detail ?? ''));
    } finally {
      await redis.call('ACL', 'SETUSER', 'default', '+hset');
    }
  });
});
