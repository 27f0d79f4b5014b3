import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashPassword } from '../../src/access/password.js';
import { AccessBench } from '../support/access-bench.js';
import { BrowserClient } from '../support/browser-client.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

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
      const kept = JSON.parse((await bench.redis.get(key!))!) as { startedAt: number; seenAt: number };
      const shift = (startedMinAgo: number, seenMinAgo: number) =>
        bench.redis.set(
          key!,
          JSON.stringify({
            ...kept,
            startedAt: kept.startedAt - startedMinAgo * 60_000,
            seenAt: kept.seenAt - seenMinAgo * 60_000,
          }),
          'PX',
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
