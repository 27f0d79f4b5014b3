import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Roost, type RoostClientError } from '../../../src/client.js';
import { FakeServer, json, problem, stream } from './fake-server.js';

describe('Roost.connect over HTTP', () => {
  let server: FakeServer;

  beforeAll(async () => void (server = await FakeServer.start()));
  afterAll(() => server.stop());

  const errorOf = (url: string, options: object = {}): Promise<RoostClientError> =>
    Roost.connect(url, { retryForMs: 0, ...options }).then(
      () => Promise.reject(new Error('It connected.')),
      (thrown: RoostClientError) => thrown,
    );

  it('checks address and token', async () => {
    server.answer(json(200, { permissions: [] }));
    const roost = await Roost.connect(`${server.url}/`, { token: 'roost_1_x' });
    await roost.close();
    expect(server.arrived).toMatchObject([
      { method: 'GET', path: '/api/v1/me', headers: { authorization: 'Bearer roost_1_x' } },
    ]);
  });

  it('works below a path', async () => {
    server.answer(json(200, { permissions: [] }));
    await (await Roost.connect(`${server.url}/admin/tasks/`)).close();
    expect(server.arrived[0]!.path).toBe('/admin/tasks/api/v1/me');
  });

  it.each(['nonsense', 'ftp://roost', ''])('refuses %j as an address', async (url) => {
    const error = await errorOf(url);
    expect(error).toMatchObject({ code: 'URL_INVALID', message: expect.stringContaining('Roost.connect') });
  });

  it('says that nothing listens there', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
    const error = await errorOf(`http://127.0.0.1:${port}`);
    expect(error.code).toBe('UNREACHABLE');
    expect(error.message).toMatch(/^Nothing listens on http:\/\/127\.0\.0\.1:\d+\. Start the web app/);
  });

  it('says that the host has no address', async () => {
    const error = await errorOf('http://no-such-host.invalid');
    expect(error).toMatchObject({ code: 'UNREACHABLE', message: expect.stringContaining('host name') });
  });

  it('says that the token is wrong, and where to get one', async () => {
    server.answer(problem(401, 'UNAUTHENTICATED'));
    const error = await errorOf(server.url);
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
    expect(error.message).toMatch(/Pass a valid token.*\/access\/tokens/);
  });

  it.each([
    ['a page', json(200, 'welcome'), 'not as a Roost does'],
    ['another program', json(404, {}), "without Roost's JSON"],
  ])('says that %s is no Roost', async (_, answer, text) => {
    server.answer(answer);
    expect(await errorOf(server.url)).toMatchObject({
      code: 'NOT_ROOST',
      message: expect.stringContaining(text),
    });
  });

  it('follows no redirect, and names its target', async () => {
    server.answer((res) => void res.writeHead(302, { location: 'https://sso.example.com/' }).end());
    expect(await errorOf(server.url)).toMatchObject({
      code: 'NOT_ROOST',
      message: expect.stringContaining('https://sso.example.com/'),
    });
  });

  it('says that the server speaks no HTTP', async () => {
    const redis = createServer((socket) => void socket.end("-ERR unknown command 'GET'\r\n"));
    redis.listen(0, '127.0.0.1');
    await once(redis, 'listening');
    const error = await errorOf(`http://127.0.0.1:${(redis.address() as AddressInfo).port}`, {
      retryForMs: 5000,
    });
    redis.close();
    expect(error.message).toContain('does not speak HTTP');
  });

  it('lists tasks page by page', async () => {
    server.answer(
      json(200, { items: [{ id: 'a' }, { id: 'b' }], total: 3, nextCursor: 'next' }),
      json(200, { items: [{ id: 'c' }], total: 3 }),
    );
    const roost = await Roost.connect(server.url, { check: false });
    const ids = [];
    for await (const { id } of roost.tasks.list({ q: 'state:failed', limit: 2 })) ids.push(id);
    await roost.close();
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(server.arrived.map(({ path }) => path)).toEqual([
      '/api/v1/tasks?q=state%3Afailed&limit=2',
      '/api/v1/tasks?q=state%3Afailed&limit=2&cursor=next',
    ]);
  });

  it('reads what the web app knows of a task, and moves it', async () => {
    const roost = await Roost.connect(server.url, { check: false });
    server.answer(json(200, { items: [1] }));
    expect(await roost.tasks.attempts('a/b')).toEqual([1]);
    expect(await roost.tasks.transitions('t1')).toEqual([1]);
    await roost.tasks.why('t1');
    await roost.tasks.move('t1', 'mail');
    await roost.close();
    expect(server.arrived.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', '/api/v1/tasks/a%2Fb/attempts', undefined],
      ['GET', '/api/v1/tasks/t1/transitions', undefined],
      ['GET', '/api/v1/tasks/t1/why', undefined],
      ['POST', '/api/v1/tasks/t1/move', { queue: 'mail' }],
    ]);
  });

  it('follows the changes of all tasks over interruptions', async () => {
    const roost = await Roost.connect(server.url, { check: false });
    const change = (id: string) => `id: ${id}\nevent: change\ndata: {"id":"${id}","event":"added"}\n\n`;
    server.answer(
      stream(`retry: 1\n\nid: s\nevent: snapshot\ndata: {}\n\n${change('a')}`),
      stream(change('b'), false),
    );
    const ids = [];
    for await (const { id } of roost.tasks.changes()) if (ids.push(id) === 2) break;
    await roost.close();
    expect(ids).toEqual(['a', 'b']);
    expect(server.arrived.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'a']);
  });

  it('controls queues and workers', async () => {
    const roost = await Roost.connect(server.url, { check: false });
    server.answer(json(200, { ok: true, result: { a: 1 }, items: [1] }));
    await roost.queues.list();
    await roost.queues.pause('my queue', { reason: 'deploy', forMs: 1000 });
    await roost.queues.setRateLimit('mail', null);
    await roost.queues.setConcurrency('mail', 3, { reason: 'load' });
    expect(await roost.workers.command('w1', 'concurrency', { queue: 'mail', concurrency: 2 })).toEqual({
      a: 1,
    });
    expect(await roost.workers.commandMany('all', 'ping')).toEqual([1]);
    await roost.close();
    expect(server.arrived.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', '/api/v1/queues', undefined],
      ['POST', '/api/v1/queues/my%20queue/pause', { reason: 'deploy', forMs: 1000 }],
      ['POST', '/api/v1/queues/mail/rate-limit', { max: null }],
      ['POST', '/api/v1/queues/mail/concurrency', { reason: 'load', value: 3 }],
      ['POST', '/api/v1/workers/w1/concurrency', { queue: 'mail', concurrency: 2 }],
      ['POST', '/api/v1/workers/commands/ping', { ids: 'all' }],
    ]);
  });
});
