import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashPassword } from '../../src/auth/password.js';
import type { SessionView } from '../../src/auth/auth.openapi.js';
import { AccessBench } from '../support/access-bench.js';
import { BrowserClient, csrfIn } from '../support/browser-client.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

const PASSWORD = 'a password for all of them';
const COST = { logN: 10, r: 8, p: 1 };

describe('the limits of a login', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(() => redis.remove());

  it('ends after its whole time and after idling, whichever comes first', async () => {
    const bench = await AccessBench.start({
      redisUrl: redis.url,
      env: {
        ACCESS_USERS: `ada:admin:${await hashPassword(PASSWORD, COST)}`,
        ACCESS_SESSION_IDLE_MINUTES: '60',
        ACCESS_SESSION_HOURS: '2',
      },
    });
    try {
      const client = new BrowserClient(bench.url);
      await client.signIn('ada', PASSWORD);
      const [key] = await bench.redis.keys('roost:access:session:*');
      const now = Date.now();
      const shift = (startedMinAgo: number, seenMinAgo: number) =>
        bench.editRecord(
          key!,
          { startedAt: now - startedMinAgo * 60_000, seenAt: now - seenMinAgo * 60_000 },
          7_200_000,
        );
      expect(await bench.redis.pttl(key!)).toBeLessThanOrEqual(3_600_000);
      await shift(59, 59);
      expect((await client.get('/things')).status).toBe(200);
      // Its use was put down, and counts from now.
      await until('the use is kept', async () => (await bench.redis.pttl(key!)) < 3_660_000);
      await shift(61, 61);
      expect((await client.get('/things')).status).toBe(401);
      await shift(119, 0);
      expect((await client.get('/things')).status).toBe(200);
      await shift(121, 0);
      expect((await client.get('/things')).status).toBe(401);
    } finally {
      await bench.stop();
    }
  });

  it('is listed for its owner and whoever manages users, and ended one by one or everywhere', async () => {
    const hash = await hashPassword(PASSWORD, COST);
    const bench = await AccessBench.start({
      redisUrl: redis.url,
      env: { ACCESS_USERS: `ada:admin:${hash},vera:viewer:${hash}`, QUEUE_PREFIX: 'listed' },
    });
    try {
      const signIn = async (name: string) => {
        const client = new BrowserClient(bench.url);
        await client.signIn(name, PASSWORD);
        return client;
      };
      const list = async (client: BrowserClient, query = '') => {
        const answer = await client.call('GET', `/api/v1/sessions${query}`);
        expect(answer.status).toBe(200);
        return (JSON.parse(answer.text) as { items: SessionView[] }).items;
      };
      const write = async (client: BrowserClient, method: string, path: string, body?: unknown) =>
        client.call(method, path, body, { 'x-csrf-token': await client.csrf() });
      const isIn = async (client: BrowserClient) => (await client.get('/things')).status === 200;

      const vera = new BrowserClient(bench.url);
      const form = await vera.get('/login');
      await vera.post(
        '/login',
        { name: 'vera', password: PASSWORD, _csrf: csrfIn(form.text) },
        { 'user-agent': FIREFOX },
      );
      const [elsewhere, ada] = [await signIn('vera'), await signIn('ada')];
      const own = await list(vera);
      expect(own.map(({ user, way, current, startedFrom }) => [user, way, current, startedFrom])).toEqual([
        ['vera', 'password', false, '127.0.0.1'],
        ['vera', 'password', true, '127.0.0.1'],
      ]);
      expect(own[1]!.browser).toBe('Firefox 128 on Linux');
      // Nothing in it is of use to somebody who wants to be in.
      for (const secret of vera.cookies.values()) expect(JSON.stringify(own)).not.toContain(secret);

      const [ofAda] = await list(ada, '?user=ada');
      expect(await list(vera, '?user=ada')).toEqual([]);
      expect((await write(vera, 'DELETE', `/api/v1/sessions/${ofAda!.id}`)).status).toBe(404);
      expect((await write(vera, 'POST', '/api/v1/sessions/end', { user: 'ada' })).status).toBe(403);
      expect((await write(vera, 'POST', '/api/v1/sessions/end', { user: 7 })).status).toBe(422);
      expect(await isIn(ada)).toBe(true);

      const other = own.find(({ current }) => !current)!.id;
      expect((await write(vera, 'DELETE', `/api/v1/sessions/${other}`)).status).toBe(204);
      expect([await isIn(elsewhere), await isIn(vera)]).toEqual([false, true]);
      expect((await write(vera, 'DELETE', `/api/v1/sessions/${other}`)).status).toBe(404);

      const third = await signIn('vera');
      const ended = await write(vera, 'POST', '/api/v1/sessions/end', { others: true });
      expect([ended.status, JSON.parse(ended.text)]).toEqual([200, { ended: 1 }]);
      expect([await isIn(third), await isIn(vera)]).toEqual([false, true]);

      expect((await list(ada)).map(({ user }) => user).sort()).toEqual(['ada', 'vera']);
      const all = await write(ada, 'POST', '/api/v1/sessions/end', { user: 'vera' });
      expect([JSON.parse(all.text), await isIn(vera), await isIn(ada)]).toEqual([{ ended: 1 }, false, true]);
      const audit = await bench.audit();
      expect(
        audit
          .filter(({ path }) => path.includes('/sessions/'))
          .map((entry) => [entry.who, entry.outcome, entry.targets.includes('vera')]),
      ).toEqual([
        ['ada', 'done', true],
        ['vera', 'done', true],
        ['vera', 'refused', false],
        ['vera', 'done', true],
        ['vera', 'refused', false],
        ['vera', 'refused', false],
        ['vera', 'refused', false],
      ]);
    } finally {
      await bench.stop();
    }
  });

  it('is for TLS alone, and for this very host, where the public address is https', async () => {
    const bench = await AccessBench.start({
      redisUrl: redis.url,
      env: {
        ACCESS_USERS: `ada:admin:${await hashPassword(PASSWORD, COST)}`,
        PUBLIC_URL: 'https://roost.example.org',
      },
    });
    try {
      const { setCookies } = await new BrowserClient(bench.url).signIn('ada', PASSWORD);
      for (const line of setCookies)
        expect(line).toMatch(/^__Host-roost-(session|visit)=.*; Path=\/; HttpOnly; SameSite=Lax; Secure/);
      expect(setCookies.join()).not.toMatch(/domain/i);
    } finally {
      await bench.stop();
    }
  });

  it('reads on while Redis is away, and writes nothing', async () => {
    const own = await RedisServer.start();
    const bench = await AccessBench.start({
      redisUrl: own.url,
      env: { ACCESS_USERS: `ada:admin:${await hashPassword(PASSWORD, COST)}` },
    });
    try {
      const client = new BrowserClient(bench.url);
      await client.signIn('ada', PASSWORD);
      const _csrf = await client.csrf();
      await own.kill();
      expect((await client.get('/things')).status).toBe(200);
      expect((await client.post('/things/1/cancel', { _csrf })).status).toBe(503);
      expect(bench.things.done).toEqual([]);
      const stranger = new BrowserClient(bench.url);
      stranger.cookies.set([...client.cookies.keys()][0]!, 'B'.repeat(43));
      expect((await stranger.get('/things')).status).toBe(503);
      expect((await new BrowserClient(bench.url).get('/things')).status).toBe(401);
      // Signing out works at once here, and later there.
      const copy = new BrowserClient(bench.url);
      for (const [name, value] of client.cookies) copy.cookies.set(name, value);
      await client.post('/logout', { _csrf });
      expect(client.cookies.size).toBe(0);
      expect((await copy.get('/things')).status).toBe(401);
    } finally {
      await bench.stop();
      await own.remove();
    }
  });
});
