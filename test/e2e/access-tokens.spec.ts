import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { hashPassword } from '../../src/auth/password.js';
import { digest } from '../../src/auth/secrets.js';
import type { TokenView } from '../../src/auth/auth.openapi.js';
import { UserFile } from '../../src/auth/user-file.js';
import { AccessBench } from '../support/access-bench.js';
import { BrowserClient } from '../support/browser-client.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

const PASSWORD = 'a password for all of them';

describe('API tokens', () => {
  let redis: RedisServer;
  let bench: AccessBench;
  let hash: string;
  let ada: BrowserClient;
  let olga: BrowserClient;

  beforeAll(async () => {
    redis = await RedisServer.start();
    hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    bench = await AccessBench.start({
      redisUrl: redis.url,
      env: { ACCESS_USERS: `ada:admin:${hash},olga:operator:${hash}` },
    });
    ada = new BrowserClient(bench.url);
    olga = new BrowserClient(bench.url);
    await ada.signIn('ada', PASSWORD);
    await olga.signIn('olga', PASSWORD);
  });

  afterAll(async () => {
    await bench.stop();
    await redis.remove();
  });

  const make = async (client: BrowserClient, request: object) => {
    const csrf = await client.csrf();
    const answer = await client.call('POST', '/api/v1/tokens', request, { 'x-csrf-token': csrf });
    return { status: answer.status, body: JSON.parse(answer.text) as TokenView & { token: string } };
  };
  const list = async (client: BrowserClient) =>
    (JSON.parse((await client.call('GET', '/api/v1/tokens')).text) as { items: TokenView[] }).items;
  const revoke = async (client: BrowserClient, id: string) =>
    client.call('DELETE', `/api/v1/tokens/${id}`, undefined, { 'x-csrf-token': await client.csrf() });
  const use = (token: string, method: string, path: string) =>
    fetch(bench.url + path, { method, headers: { authorization: `Bearer ${token}` } });

  it('do what they were given, and need no token of a form', async () => {
    const { status, body } = await make(olga, { name: 'deploy', permissions: ['tasks.read', 'tasks.act'] });
    expect(status).toBe(201);
    expect(body.token).toMatch(/^roost_[0-9a-f]{16}_[\w-]{43}$/);
    expect((await use(body.token, 'GET', '/api/v1/things/1')).status).toBe(200);
    const removed = await use(body.token, 'DELETE', '/api/v1/things/1');
    expect(await removed.json()).toEqual({ by: 'deploy (token of olga)' });
    expect((await use(body.token, 'POST', '/api/v1/things')).status).toBe(403);
    expect((await use(body.token, 'GET', '/api/v1/tokens')).status).toBe(403);
    const me = await (await use(body.token, 'GET', '/api/v1/me')).json();
    expect(me).toMatchObject({ via: 'token', permissions: ['tasks.read', 'tasks.act'], csrfToken: null });
  });

  it('are shown once, and kept as a digest', async () => {
    const { body } = await make(olga, { name: 'once', permissions: ['tasks.read'] });
    const secret = body.token.split('_').slice(2).join('_');
    expect(JSON.stringify(await list(olga))).not.toContain(secret);
    const keys = await bench.redis.keys('roost:access:token*');
    const kept = await Promise.all(
      keys.map(async (key) => ((await bench.redis.type(key)) === 'string' ? bench.redis.get(key) : '')),
    );
    expect(kept.join()).toContain('"once"');
    expect(kept.join()).not.toContain(secret);
    expect(bench.log + JSON.stringify(await bench.audit())).not.toContain(secret);
  });

  it('cannot be given what their maker has not, nor the making of tokens', async () => {
    const { status, body } = await make(olga, {
      name: 'more',
      permissions: ['audit.read', 'tokens.make', 'tasks.reed'],
      expiresInDays: 0.5,
    });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      code: 'REQUEST_INVALID',
      fields: [
        { path: 'permissions', message: expect.stringContaining('Did you mean `tasks.read`?') },
        {
          path: 'permissions',
          message: 'contains permissions that you cannot grant: audit.read, tokens.make',
        },
        { path: 'expiresInDays' },
      ],
    });
  });

  it('are seen and revoked by their maker and by an admin', async () => {
    const theirs = (await make(ada, { name: 'of ada', permissions: ['tasks.read'] })).body;
    const own = (await make(olga, { name: 'of olga', permissions: ['tasks.read'] })).body;
    expect((await list(olga)).map(({ name }) => name)).not.toContain('of ada');
    expect((await list(ada)).map(({ name }) => name)).toEqual(expect.arrayContaining(['of ada', 'of olga']));
    expect((await revoke(olga, theirs.id)).status).toBe(404);
    expect((await use(theirs.token, 'GET', '/api/v1/things/1')).status).toBe(200);
    expect((await revoke(ada, own.id)).status).toBe(204);
    expect((await use(own.token, 'GET', '/api/v1/things/1')).status).toBe(401);
    expect((await revoke(ada, own.id)).status).toBe(404);
    expect((await list(ada)).map(({ name }) => name)).not.toContain('of olga');
  });

  it('show when and from where they were used last, with one write a minute', async () => {
    const { body } = await make(ada, { name: 'used', permissions: ['tasks.read'] });
    const find = async () => (await list(ada)).find(({ id }) => id === body.id)!;
    expect(await find()).toMatchObject({ lastUsedAt: null, state: 'active' });
    await use(body.token, 'GET', '/api/v1/things/1');
    await until('the use is known', async () => (await find()).lastUsedAt !== null);
    const first = await find();
    expect(first.lastUsedFrom).toBe('127.0.0.1');
    await use(body.token, 'GET', '/api/v1/things/1');
    expect(await find()).toEqual(first);
  });

  it('end when they were to end', async () => {
    const { body } = await make(ada, { name: 'short', permissions: ['tasks.read'], expiresInDays: 1 });
    const key = `roost:access:token:${body.id}`;
    expect(Date.parse(body.expiresAt!) - Date.parse(body.createdAt)).toBeGreaterThan(86_390_000);
    await bench.editRecord(key, { expiresAt: Date.now() - 1 });
    expect((await use(body.token, 'GET', '/api/v1/things/1')).status).toBe(401);
    expect((await list(ada)).find(({ id }) => id === body.id)).toMatchObject({ state: 'expired' });
  });

  it('lose what their maker loses', async () => {
    const file = new UserFile(join(bench.folder, 'users'));
    file.write([{ name: 'fritz', role: 'operator', hash, id: '0123456789abcdef' }]);
    const fritz = new BrowserClient(bench.url);
    await fritz.signIn('fritz', PASSWORD);
    const { body } = await make(fritz, { name: 'his', permissions: ['tasks.read', 'tasks.act'] });
    expect((await use(body.token, 'DELETE', '/api/v1/things/1')).status).toBe(200);
    file.write([{ name: 'fritz', role: 'viewer', hash, id: '0123456789abcdef' }]);
    expect((await use(body.token, 'DELETE', '/api/v1/things/1')).status).toBe(403);
    expect((await use(body.token, 'GET', '/api/v1/things/1')).status).toBe(200);
    file.write([]);
    expect((await use(body.token, 'GET', '/api/v1/things/1')).status).toBe(401);
    expect((await list(ada)).find(({ id }) => id === body.id)).toMatchObject({ state: 'powerless' });
  });

  it('die with the account: the next user of that name does not get them', async () => {
    const file = new UserFile(join(bench.folder, 'users'));
    const user = (id: string) => ({ name: 'gerd', role: 'admin' as const, hash, id });
    file.write([user('00000000000000aa')]);
    const gerd = new BrowserClient(bench.url);
    await gerd.signIn('gerd', PASSWORD);
    const { body } = await make(gerd, { name: 'old', permissions: ['tasks.read'] });
    expect((await use(body.token, 'GET', '/api/v1/things/1')).status).toBe(200);
    // The same name, the same hash, another account.
    file.write([user('00000000000000bb')]);
    expect((await use(body.token, 'GET', '/api/v1/things/1')).status).toBe(401);
    expect((await gerd.get('/things')).status).toBe(401);
    const next = new BrowserClient(bench.url);
    await next.signIn('gerd', PASSWORD);
    expect((await revoke(next, body.id)).status).toBe(204); // an admin manages all of them
    file.write([]);
  });

  it('written into Redis by somebody else let nobody in', async () => {
    const { body } = await make(olga, { name: 'real', permissions: ['tasks.read'] });
    const key = `roost:access:token:${body.id}`;
    const sealed = (await bench.redis.get(key))!;
    const record = JSON.parse(sealed.slice(sealed.indexOf('.') + 1)) as Record<string, unknown>;
    const mac = sealed.slice(0, sealed.indexOf('.'));
    const secret = 'A'.repeat(43);
    const forged = { ...record, secret: digest(secret), scopes: ['tasks.read', 'tasks.act'] };
    const forgeries = [
      JSON.stringify(forged),
      `${mac}.${JSON.stringify(forged)}`,
      `${'A'.repeat(43)}.${JSON.stringify(forged)}`,
    ];
    for (const text of forgeries) {
      await bench.redis.set(key, text);
      const answer = await use(`roost_${body.id}_${secret}`, 'GET', '/api/v1/things/1');
      expect(answer.status).toBe(401);
    }
    // The right record under another token's key.
    const other = 'ffffffffffffffff';
    await bench.redis.set(`roost:access:token:${other}`, sealed);
    const moved = body.token.replace(body.id, other);
    expect((await use(moved, 'GET', '/api/v1/things/1')).status).toBe(401);
    expect(bench.log).toContain('does not carry the seal of this web app');
    await bench.redis.set(key, sealed);
    expect((await use(body.token, 'GET', '/api/v1/things/1')).status).toBe(200);
  });

  it.each([
    '',
    'roost_',
    'roost_0123456789abcdef_',
    `roost_0123456789abcdef_${'a'.repeat(43)}`,
    'roost_é',
    'x',
  ])('are not %j', async (token) => {
    const answer = await fetch(`${bench.url}/api/v1/things/1`, {
      headers: { authorization: Buffer.from(`Bearer ${token}`).toString('latin1') },
    });
    expect(answer.status).toBe(401);
  });

  it('that are wrong are not made good by a login, others’ headers do not stand in its way', async () => {
    const wrong = await ada.call('GET', '/api/v1/things/1', undefined, {
      authorization: 'Bearer roost_wrong',
    });
    expect(wrong.status).toBe(401);
    for (const authorization of ['Basic YWRhOnNlY3JldA==', 'Bearer eyJhbGciOi.a.b']) {
      const answer = await ada.call('GET', '/api/v1/things/1', undefined, { authorization });
      expect(answer.status).toBe(200);
    }
  });
});
