import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Delete, Param } from '@nestjs/common';
import { once } from 'node:events';
import { connect } from 'node:net';
import { RequirePermission } from '../../src/auth/require-permission.js';
import { hashPassword } from '../../src/auth/password.js';
import type { AuditPage } from '../../src/audit/audit.openapi.js';
import { AccessBench } from '../support/access-bench.js';
import { BrowserClient, csrfIn } from '../support/browser-client.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

const PASSWORD = 'a password for all of them';

describe('the audit', () => {
  let redis: RedisServer;
  let bench: AccessBench;
  let ada: BrowserClient;
  let users: string;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    users = `ada:admin:${hash},vera:viewer:${hash}`;
    bench = await AccessBench.start({ redisUrl: redis.url, env: { ACCESS_USERS: users } });
    ada = new BrowserClient(bench.url);
    await ada.signIn('ada', PASSWORD);
  });

  afterAll(async () => {
    await bench.stop();
    await redis.remove();
  });

  const last = async () => (await bench.audit())[0]!;
  const read = async (query: string) => {
    const answer = await ada.call('GET', `/api/v1/audit?${query}`);
    return { status: answer.status, body: JSON.parse(answer.text) as AuditPage & { fields: object[] } };
  };

  it('has who did what on which, from where, why, and what came of it', async () => {
    const _csrf = await ada.csrf();
    const answer = await ada.post('/things/t-42/cancel', { _csrf, reason: 'no longer needed' });
    expect(await last()).toMatchObject({
      who: 'ada',
      via: 'session',
      from: '127.0.0.1',
      permission: 'tasks.act',
      method: 'POST',
      route: '/things/:id/cancel',
      path: '/things/t-42/cancel',
      targets: ['t-42'],
      reason: 'no longer needed',
      status: 201,
      outcome: 'done',
      requestId: answer.headers.get('x-request-id'),
    });
  });

  it.each([
    ['0', '127.0.0.1'],
    ['1', '203.0.113.9'],
    ['loopback, 10.0.0.0/8', '203.0.113.9'],
    ['10.0.0.0/8', '127.0.0.1'],
  ])('believes what TRUST_PROXY=%s says of the address', async (trust, from) => {
    const behind = await AccessBench.start({
      redisUrl: redis.url,
      env: { ACCESS_USERS: users, TRUST_PROXY: trust },
    });
    try {
      const headers = { 'x-forwarded-for': '198.51.100.7, 203.0.113.9' };
      await fetch(`${behind.url}/api/v1/things`, { method: 'POST', headers });
      expect((await behind.audit())[0]!.from).toBe(from);
    } finally {
      await behind.stop();
    }
  });

  it('has what was refused, and who was', async () => {
    const vera = new BrowserClient(bench.url);
    await vera.signIn('vera', PASSWORD);
    await vera.post('/things/7/cancel', { _csrf: await vera.csrf() });
    expect(await last()).toMatchObject({
      who: 'vera',
      permission: 'tasks.act',
      status: 403,
      outcome: 'refused',
    });
    await vera.post('/things/7/cancel', {}, { 'sec-fetch-site': 'cross-site' });
    expect(await last()).toMatchObject({ who: '', path: '/things/7/cancel', status: 403 });
    await fetch(`${bench.url}/api/v1/things`, { method: 'POST', body: '{' });
    expect(await last()).toMatchObject({ who: '', via: 'nobody', status: 401, outcome: 'refused' });
  });

  it('has logins, right and wrong, and not what was typed', async () => {
    const client = new BrowserClient(bench.url);
    const _csrf = csrfIn((await client.get('/login')).text);
    await client.post('/login', { name: 'my-password-by-mistake', password: 'x', _csrf });
    expect(await last()).toMatchObject({ path: '/login', status: 401, targets: [], who: '' });
    await client.post('/login', { name: 'vera', password: 'x', _csrf });
    expect(await last()).toMatchObject({ status: 401, outcome: 'refused', targets: ['vera'], who: '' });
    await client.post('/login', { name: 'vera', password: PASSWORD, _csrf });
    expect(await last()).toMatchObject({ status: 303, outcome: 'done', who: 'vera' });
    expect(JSON.stringify(await bench.audit())).not.toContain('my-password-by-mistake');
  });

  it('has looks at what is hidden, and no other looks', async () => {
    const before = (await bench.audit()).length;
    await ada.call('GET', '/api/v1/things/1');
    await ada.get('/things');
    expect(await bench.audit()).toHaveLength(before);
    await ada.call('GET', '/api/v1/hidden');
    expect(await last()).toMatchObject({ method: 'GET', permission: 'secrets.reveal', who: 'ada' });
  });

  it('is found by who, what, on which and when', async () => {
    const { body } = await read('who=ada&permission=tasks.act&target=t-42&outcome=done');
    expect(body.items).toHaveLength(1);
    expect(body.items[0]).toMatchObject({ targets: ['t-42'], reason: 'no longer needed' });
    expect((await read('target=t-4')).body.items).toEqual([]);
    expect((await read('to=2020-01-01')).body.items).toEqual([]);
    const wrong = await read('permission=tasks.akt&from=yesterday&cursor=x');
    expect(wrong.status).toBe(400);
    expect(wrong.body.fields).toHaveLength(3);
  });

  it('is read page by page, each entry once', async () => {
    const seen: (string | null)[] = [];
    let cursor = '';
    do {
      const { body } = await read(`limit=3${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items.map(({ requestId }) => requestId));
      cursor = body.nextCursor ?? '';
    } while (cursor);
    const all = await bench.audit();
    expect(seen).toEqual(all.map(({ requestId }) => requestId));
  });

  it('can be taken away, harmless to a spreadsheet', async () => {
    const _csrf = await ada.csrf();
    await ada.post('/things/1/cancel', { _csrf, reason: '=HYPERLINK("http://evil.example")' });
    const csv = await ada.call('GET', '/api/v1/audit/export?format=csv&who=ada');
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="roost-audit.csv"');
    expect(csv.text).toMatch(/^at,who,via,from,outcome,/);
    expect(csv.text).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
    const lines = (await ada.call('GET', '/api/v1/audit/export?format=ndjson')).text.trim().split('\n');
    expect(lines).toHaveLength((await bench.audit()).length);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ who: 'ada', path: '/login', method: 'POST' });
  });

  it('goes to the log, whole, where the history does not take it', async () => {
    const { HISTORY } = await import('../../src/history/tokens.js');
    const { audits } = bench.app.get<{ audits: { append: unknown } }>(HISTORY);
    const append = audits.append;
    audits.append = () => Promise.reject(new Error('the disk is full'));
    try {
      await ada.post('/things/full/cancel', { _csrf: await ada.csrf(), reason: 'while the disk is full' });
      await bench.audit();
    } finally {
      audits.append = append;
    }
    const line = bench.log.split('\n').find((one) => one.includes('did not take this audit entry'))!;
    expect(JSON.parse(line)).toMatchObject({
      level: 50,
      why: 'the disk is full',
      audit: { who: 'ada', targets: ['full'], reason: 'while the disk is full', outcome: 'done' },
    });
  });
});

/** Deletes slowly: it says when it began, and goes on when it is let. */
@Controller('api/v1/slow')
class SlowController {
  static began: (() => void) | undefined;
  static mayEnd: Promise<void> = Promise.resolve();
  static readonly done: string[] = [];

  @Delete(':id')
  @RequirePermission('tasks.act')
  async remove(@Param('id') id: string): Promise<void> {
    SlowController.began?.();
    await SlowController.mayEnd;
    SlowController.done.push(id);
  }
}

describe('the audit of writes whose client is gone', () => {
  let redis: RedisServer;
  let bench: AccessBench;
  let headers: Record<string, string>;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    bench = await AccessBench.start({
      redisUrl: redis.url,
      env: { ACCESS_USERS: `ada:admin:${hash}` },
      controllers: [SlowController],
    });
    const ada = new BrowserClient(bench.url);
    await ada.signIn('ada', PASSWORD);
    const cookie = [...ada.cookies].map((pair) => pair.join('=')).join('; ');
    headers = { cookie, 'x-csrf-token': await ada.csrf() };
  });

  afterAll(async () => {
    await bench.stop();
    await redis.remove();
  });

  /** Sends a DELETE, and returns what resets the connection. */
  const send = async (path: string, given: Record<string, string> = headers) => {
    const socket = connect(Number(new URL(bench.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const lines = Object.entries({ host: 'localhost', ...given }).map(([name, value]) => `${name}: ${value}`);
    socket.write([`DELETE ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
    return () => socket.resetAndDestroy();
  };
  const entryOf = (target: string) =>
    until(`an entry of ${target}`, async () =>
      (await bench.audit()).find(({ path, targets }) => targets.includes(target) || path.endsWith(target)),
    );

  it('has who did it, from where and what came of it, when the connection is cut in the handler', async () => {
    for (const id of ['cut-1', 'cut-2', 'cut-3']) {
      const began = new Promise<void>((resolve) => (SlowController.began = resolve));
      let end!: () => void;
      SlowController.mayEnd = new Promise((resolve) => (end = resolve));
      const closed = bench.nextClose();
      const reset = await send(`/api/v1/slow/${id}`);
      await began;
      reset();
      await closed;
      expect((await bench.audit()).filter(({ targets }) => targets.includes(id))).toEqual([]);
      end();
      expect(await entryOf(id)).toMatchObject({
        ...{ who: 'ada', via: 'session', from: '127.0.0.1', permission: 'tasks.act' },
        ...{ outcome: 'done', status: 200, count: 1 },
      });
      expect(SlowController.done).toContain(id);
    }
  });

  it('stops before it acts when the client went during the login check, and shows who it was', async () => {
    const closed = bench.nextClose();
    const arrived = bench.nextRequest();
    redis.freeze();
    const reset = await send('/api/v1/things/never');
    await arrived;
    reset();
    await closed;
    redis.thaw();
    expect(await entryOf('never')).toMatchObject({
      ...{ who: 'ada', from: '127.0.0.1', outcome: 'failed', status: 499 },
    });
    expect(bench.things.done).not.toContain('remove never');
  });

  it('has an entry for each write, however many were cut before', async () => {
    for (let i = 0; i < 14; i++) (await send(`/api/v1/things/nobody-${i}`, {}))();
    SlowController.mayEnd = Promise.resolve();
    const ids = Array.from({ length: 30 }, (_, i) => `many-${i}`);
    for (const [i, id] of ids.entries()) {
      const reset = await send(`/api/v1/slow/${id}`);
      // Anywhere between the arrival and the answer.
      for (let turn = 0; turn < i; turn++) await new Promise((resolve) => setImmediate(resolve));
      reset();
    }
    await send('/api/v1/slow/last');
    await until('all are over', () => SlowController.done.includes('last'));
    const done = ids.filter((id) => SlowController.done.includes(id));
    for (const id of done)
      expect(await entryOf(id)).toMatchObject({ who: 'ada', from: '127.0.0.1', outcome: 'done', count: 1 });
    for (const { targets, outcome } of await bench.audit())
      if (outcome === 'done' && targets[0]?.startsWith('many-')) expect(done).toContain(targets[0]);
  });
});
