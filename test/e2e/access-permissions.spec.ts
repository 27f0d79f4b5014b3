import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { hashPassword } from '../../src/auth/password.js';
import { Public } from '../../src/auth/require-permission.js';
import { AccessBench } from '../support/access-bench.js';
import { BrowserClient } from '../support/browser-client.js';
import { rawRequest } from '../support/raw-request.js';
import { RedisServer } from '../support/redis-server.js';

const PASSWORD = 'a password for all of them';

@Controller('undeclared')
class UndeclaredController {
  @Get()
  get() {
    return 'who may see this?';
  }
}

@Controller('wide-open')
@Public()
class WideOpenController {
  @Get()
  get() {
    return 'the gate knows nothing of this';
  }
}

describe('who may do what', () => {
  let redis: RedisServer;
  let bench: AccessBench;
  let users: string;
  const clients: Record<string, BrowserClient> = {};

  beforeAll(async () => {
    redis = await RedisServer.start();
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    users = `ada:admin:${hash},olga:operator:${hash},vera:viewer:${hash}`;
    bench = await AccessBench.start({ redisUrl: redis.url, env: { ACCESS_USERS: users } });
    for (const name of ['ada', 'olga', 'vera']) {
      clients[name] = new BrowserClient(bench.url);
      await clients[name].signIn(name, PASSWORD);
    }
  });

  afterAll(async () => {
    await bench.stop();
    await redis.remove();
  });

  it('is a matter of the role', async () => {
    const tried: Record<string, number[]> = {};
    for (const [name, client] of Object.entries(clients)) {
      const _csrf = await client.csrf();
      tried[name] = [
        (await client.get('/things')).status,
        (await client.post('/things/1/cancel', { _csrf })).status,
        (await client.call('GET', '/api/v1/hidden')).status,
        (await client.call('GET', '/api/v1/audit')).status,
        (await client.call('GET', '/api/v1/tokens')).status,
        (await client.get('/api/docs')).status,
      ];
    }
    expect(tried).toEqual({
      ada: [200, 201, 200, 200, 200, 200],
      olga: [200, 201, 403, 403, 200, 200],
      vera: [200, 403, 403, 403, 403, 200],
    });
    const refused = await clients.vera!.call('DELETE', '/api/v1/things/1', undefined, {
      'x-csrf-token': await clients.vera!.csrf(),
    });
    expect(JSON.parse(refused.text)).toMatchObject({
      code: 'FORBIDDEN',
      permission: 'tasks.act',
      detail: expect.stringContaining('vera does not have'),
    });
  });

  it('knows who acts, also behind a body that had to be read', async () => {
    const { olga } = clients;
    const answer = await olga!.call(
      'POST',
      '/api/v1/things',
      { a: 'x'.repeat(100_000) },
      {
        'x-csrf-token': await olga!.csrf(),
      },
    );
    expect(JSON.parse(answer.text)).toEqual({ by: 'olga' });
  });

  describe('of a request without a login', () => {
    const spellings = (path: string) => [
      path,
      `/${path}`,
      path.toUpperCase(),
      `${path}/`,
      `${path}//`,
      `${path};x`,
      `${path};/../health/live`,
      path.replace('/things', '/%74hings'),
      path.replace('/things', '/./things'),
      `/health/../${path}`,
      `/health/live/..${path}`,
      `/assets/..${path}`,
      `/assets/%2e%2e${path}`,
      `${path}%00`,
      `${path}?_method=GET`,
      `http://127.0.0.1${path}`,
      `/login/..${path}`,
    ];
    const OUTSIDE = [400, 401, 403, 404, 421];

    it.each([
      '/things',
      '/things/1/cancel',
      '/api/v1/things',
      '/api/v1/things/1',
      '/api/v1/hidden',
      '/api/docs',
    ])('nothing is told or done at %s, however it is spelled', async (path) => {
      const before = [...bench.things.done];
      for (const spelling of spellings(path)) {
        for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'LINK']) {
          const { status, text } = await rawRequest(bench.url, [
            `${method} ${spelling} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-http-method-override: GET\r\n` +
              'content-length: 0\r\nconnection: close\r\n\r\n',
          ]);
          if (spelling === path && method !== 'LINK') expect([method, status]).toEqual([method, 401]);
          if (!OUTSIDE.includes(status)) throw new Error(`${method} ${spelling}: ${text.slice(0, 300)}`);
          expect(text).not.toMatch(/<p>things|a hidden value|the docs/);
        }
      }
      expect(bench.things.done).toEqual(before);
    });

    it('is not even read', async () => {
      const answer = await rawRequest(bench.url, [
        'POST /api/v1/things HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 100000000\r\n\r\n{',
      ]);
      expect(answer.status).toBe(401);
    });
  });

  describe('a write with the cookie of a login', () => {
    const ways: [string, (csrf: string, foreign: string) => Promise<{ status: number }>][] = [
      ['no token', () => clients.olga!.post('/things/9/cancel', {})],
      [
        'the token of another login',
        (_, foreign) => clients.olga!.post('/things/9/cancel', { _csrf: foreign }),
      ],
      ['half a token', (csrf) => clients.olga!.post('/things/9/cancel', { _csrf: csrf.slice(0, 20) })],
      ['the token in the address', (csrf) => clients.olga!.post(`/things/9/cancel?_csrf=${csrf}`, {})],
      [
        'a body that is no form',
        (csrf) =>
          clients.olga!.call('POST', '/things/9/cancel', { _csrf: csrf }, { 'content-type': 'text/plain' }),
      ],
      [
        'the word of the browser that another site sent it',
        (csrf) => clients.olga!.post('/things/9/cancel', { _csrf: csrf }, { 'sec-fetch-site': 'cross-site' }),
      ],
      [
        'another site as its origin',
        async (csrf) => {
          const cookie = [...clients.olga!.cookies].map((pair) => pair.join('=')).join('; ');
          return fetch(`${bench.url}/things/9/cancel`, {
            method: 'POST',
            body: new URLSearchParams({ _csrf: csrf }),
            headers: { cookie, origin: 'https://evil.example' },
          });
        },
      ],
      ['JSON and no header', () => clients.olga!.call('POST', '/api/v1/things', {})],
      [
        'JSON with the token inside',
        (csrf) => clients.olga!.call('POST', '/api/v1/things', [{ _csrf: csrf }]),
      ],
    ];

    it.each(ways)('is refused with %s', async (_, send) => {
      const before = bench.things.done.length;
      const { status } = await send(await clients.olga!.csrf(), await clients.ada!.csrf());
      expect(status).toBe(403);
      expect(bench.things.done).toHaveLength(before);
    });

    it('is no GET', async () => {
      expect((await clients.olga!.get('/things/9/cancel')).status).toBe(404);
      expect(bench.things.done.join()).not.toContain('cancel 9');
    });
  });

  it('does not start where a route says nothing, or is public behind the back of the gate', async () => {
    const start = (controller: typeof UndeclaredController | typeof WideOpenController) =>
      AccessBench.start({ redisUrl: redis.url, controllers: [controller] });
    await expect(start(UndeclaredController)).rejects.toThrow(
      'GET /undeclared (UndeclaredController.get) has no @RequirePermission',
    );
    await expect(start(WideOpenController)).rejects.toThrow(
      'GET /wide-open (WideOpenController.get): @Public',
    );
  });

  it('is reading alone where the whole instance is read only', async () => {
    const still = await AccessBench.start({
      redisUrl: redis.url,
      env: { ACCESS_USERS: users, READ_ONLY: 'true' },
    });
    try {
      const ada = new BrowserClient(still.url);
      expect((await ada.signIn('ada', PASSWORD)).status).toBe(303);
      expect((await ada.get('/things')).status).toBe(200);
      const _csrf = await ada.csrf();
      const answer = await ada.call('POST', '/api/v1/things', {}, { 'x-csrf-token': _csrf });
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([403, 'READ_ONLY']);
      const me = JSON.parse((await ada.call('GET', '/api/v1/me')).text);
      expect(me).toMatchObject({ readOnly: true, role: 'admin' });
      expect(me.permissions).not.toContain('tasks.act');
      expect((await ada.post('/logout', { _csrf })).status).toBe(303);
      expect(still.things.done).toEqual([]);
    } finally {
      await still.stop();
    }
  });
});

describe('without any user', () => {
  let redis: RedisServer;
  let bench: AccessBench;

  beforeAll(async () => {
    redis = await RedisServer.start();
    bench = await AccessBench.start({ redisUrl: redis.url });
  });

  afterAll(async () => {
    await bench.stop();
    await redis.remove();
  });

  it('everything is open to this machine', async () => {
    const client = new BrowserClient(bench.url);
    expect((await client.get('/things')).status).toBe(200);
    expect((await client.post('/things/1/cancel', {})).status).toBe(201);
    expect(JSON.parse((await client.call('POST', '/api/v1/things', {})).text)).toEqual({ by: 'the API' });
    expect(JSON.parse((await client.call('GET', '/api/v1/me')).text)).toMatchObject({ via: 'open' });
    expect((await client.get('/login')).location).toBe('/');
    const token = await client.call('POST', '/api/v1/tokens', { name: 'x', permissions: ['tasks.read'] });
    expect(token.status).toBe(422);
  });

  const ask = (head: string) =>
    rawRequest(bench.url, [`GET /things HTTP/1.1\r\n${head}\r\nconnection: close\r\n\r\n`]);

  it.each(['localhost:5000', '127.0.0.1', '127.9.9.9:80', '[::1]:5000', 'roost.localhost'])(
    'it answers as %s',
    async (host) => expect((await ask(`host: ${host}`)).status).toBe(200),
  );

  it.each([
    'host: evil.example',
    'host: localhost.evil.example',
    'host: 127.0.0.1.evil.example',
    'host: evil.example:5000',
    'host: user@evil.example',
    'host: 10.0.0.1',
    'host:',
    'host: localhost\r\nx-forwarded-for: 203.0.113.9',
    'host: localhost\r\nforwarded: for=203.0.113.9',
  ])('it does not answer to %j', async (head) => {
    const { status, text } = await ask(head);
    expect([400, 421]).toContain(status);
    expect(text).not.toContain('<p>things');
  });

  it.each([
    [{ HOST: '0.0.0.0' }, 'HOST is 0.0.0.0, so others can reach this Roost, and it has no users: add a user'],
    [{ HOST: '::' }, 'HOST is ::'],
    [{ HOST: '192.168.1.5' }, 'HOST is 192.168.1.5'],
    [{ HOST: 'roost.internal' }, 'HOST is roost.internal'],
    [{ PUBLIC_URL: 'https://roost.example.org' }, 'PUBLIC_URL makes this Roost available to others'],
    [{ ACCESS_USERS: 'ada:boss:scrypt.1' }, 'ACCESS_USERS, entry 1, gives ada an unknown role'],
    [{ OIDC_ISSUER: 'https://login.example.org' }, 'OIDC_CLIENT_ID is missing'],
  ])('it does not start with %j', async (env, words) => {
    await expect(
      AccessBench.start({ redisUrl: redis.url, env: env as unknown as Record<string, string> }),
    ).rejects.toThrow(words);
  });
});

describe('a Roost with a public address', () => {
  it('answers browsers under that name and as this machine alone, and tokens under any', async () => {
    const redis = await RedisServer.start();
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    const bench = await AccessBench.start({
      redisUrl: redis.url,
      env: { ACCESS_USERS: `ada:admin:${hash}`, PUBLIC_URL: 'http://roost.example.org' },
    });
    try {
      const status = async (host: string, more = '') => {
        const lines = ['GET /things HTTP/1.1', `host: ${host}`, 'connection: close'];
        return (await rawRequest(bench.url, [[...lines, more, ''].filter(Boolean).join('\r\n') + '\r\n\r\n']))
          .status;
      };
      expect(await status('roost.example.org')).toBe(401);
      expect(await status('127.0.0.1:5000')).toBe(401);
      expect(await status('evil.example')).toBe(421);
      expect(await status('roost.example.org.evil.example')).toBe(421);
      expect(await status('roost.internal:5000', 'authorization: Bearer roost_x')).toBe(401);
    } finally {
      await bench.stop();
      await redis.remove();
    }
  });
});
