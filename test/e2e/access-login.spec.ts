import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from '../../src/access/password.js';
import { UserFile } from '../../src/access/user-file.js';
import { AccessBench } from '../support/access-bench.js';
import { BrowserClient, csrfIn } from '../support/browser-client.js';
import { RedisServer } from '../support/redis-server.js';

const PASSWORD = 'Grüße-🐦-from the roost';
/** Cheap: what is tested here is not the cost. */
const COST = { logN: 10, r: 8, p: 1 };

describe('signing in with a password', () => {
  let redis: RedisServer;
  let bench: AccessBench;
  let second: AccessBench;
  let hash: string;

  beforeAll(async () => {
    redis = await RedisServer.start();
    hash = await hashPassword(PASSWORD, COST);
    const env = { ACCESS_USERS: `ada:admin:${hash},olga:operator:${hash},vera:viewer:${hash}`, PORT: '0' };
    bench = await AccessBench.start({ redisUrl: redis.url, env });
    second = await AccessBench.start({ redisUrl: redis.url, env, folder: bench.folder });
  });

  afterAll(async () => {
    await second.stop();
    await bench.stop();
    await redis.remove();
  });

  const browser = (of = bench) => new BrowserClient(of.url);
  const signedIn = async (name = 'ada') => {
    const client = browser();
    expect((await client.signIn(name, PASSWORD)).status).toBe(303);
    return client;
  };

  it('asks for it in place of a page, and goes on to that page', async () => {
    const client = browser();
    const page = await client.get('/things?state=failed');
    expect(page.status).toBe(401);
    expect(page.text).toContain('name="next" value="/things?state&#x3D;failed"');
    expect(page.text).not.toContain('things</p>');
    const answer = await client.post('/login', {
      name: 'ada',
      password: PASSWORD,
      next: '/things?state=failed',
      _csrf: csrfIn(page.text),
    });
    expect([answer.status, answer.location]).toEqual([303, '/things?state=failed']);
    expect((await client.get('/things')).text).toBe('<p>things</p>');
  });

  it('says to programs what to send', async () => {
    const answer = await fetch(`${bench.url}/api/v1/things/1`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="roost"');
    expect(await answer.json()).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('gives a new id at each login; the one from before is worth nothing', async () => {
    const client = browser();
    await client.get('/login');
    const before = [...client.cookies.values()];
    await client.signIn('ada', PASSWORD);
    const first = new Map(client.cookies);
    expect([...first.values()]).toHaveLength(1);
    expect(before).not.toContain([...first.values()][0]);
    const old = browser();
    for (const value of before) old.cookies.set([...first.keys()][0]!, value);
    expect((await old.get('/things')).status).toBe(401);
    // What was planted before the login does not become the session.
    const planted = browser();
    planted.cookies.set([...first.keys()][0]!, 'A'.repeat(43));
    await planted.signIn('ada', PASSWORD);
    expect([...planted.cookies.values()]).not.toContain('A'.repeat(43));
    expect([...planted.cookies.values()]).not.toEqual([...first.values()]);
  });

  it('sets a cookie no script can read and no other site sends', async () => {
    const client = browser();
    const { setCookies } = await client.signIn('ada', PASSWORD);
    const session = setCookies.find((line) => line.startsWith('roost-session'))!;
    expect(session).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
    // Redis knows only its digest.
    const value = session.split(/[=;]/)[1]!;
    expect(value).toHaveLength(43);
    const keys = await bench.redis.keys('*');
    expect(keys.some((key) => key.startsWith('roost:access:session:'))).toBe(true);
    for (const key of keys) expect(key + (await bench.redis.type(key))).not.toContain(value);
  });

  it('holds in every web process', async () => {
    const client = await signedIn();
    const elsewhere = browser(second);
    for (const [name, value] of client.cookies) elsewhere.cookies.set(name, value);
    expect((await elsewhere.get('/things')).status).toBe(200);
    const answer = await elsewhere.post('/things/1/cancel', { _csrf: await client.csrf() });
    expect(answer.status).toBe(201);
  });

  it('is over when one signs out, for a copy of the cookie too, in every process', async () => {
    const client = await signedIn();
    const copies = [browser(), browser(second)];
    for (const copy of copies) for (const [name, value] of client.cookies) copy.cookies.set(name, value);
    expect((await copies[1]!.get('/things')).status).toBe(200);
    const out = await client.post('/logout', { _csrf: await client.csrf() });
    expect([out.status, out.location]).toEqual([303, '/login']);
    expect(client.cookies.size).toBe(0);
    for (const copy of copies) expect((await copy.get('/things')).status).toBe(401);
  });

  it('lets no browser keep its pages for the back button', async () => {
    const client = await signedIn();
    expect((await client.get('/things')).headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['a wrong password', { password: 'not this one' }],
    ['a name nobody has', { name: 'nobody', password: PASSWORD }],
    ['names and passwords of any script', { name: 'Ünïcödé 用户', password: '密码\u0000\ud800' }],
    ['nothing', { name: '', password: '' }],
    ['a password of any length', { password: 'x'.repeat(100_000) }],
    ['the hash', {}],
  ])('refuses %s in the same words', async (what, given) => {
    const client = browser();
    const page = await client.get('/login');
    const answer = await client.post('/login', {
      name: 'ada',
      password: what === 'the hash' ? hash : '',
      ...given,
      _csrf: csrfIn(page.text),
    });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('Name or password is not right.');
    expect((await client.get('/things')).status).toBe(401);
    await bench.redis.del(...(await bench.redis.keys('roost:access:wrong:*')));
  });

  it('takes a form of its own page alone', async () => {
    const client = browser();
    await client.get('/login');
    const form = { name: 'ada', password: PASSWORD };
    expect((await client.post('/login', form)).status).toBe(403);
    const other = await browser().get('/login');
    expect((await client.post('/login', { ...form, _csrf: csrfIn(other.text) })).status).toBe(403);
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    'https:evil',
    '/\t/evil.example',
    '/.//evil.example',
    'javascript:1',
    '/login',
    '\t//evil.example',
    '/%2e//evil.example',
    '/a/..//evil.example',
    '///evil.example',
  ])('goes on to a page of its own, not to %j', async (next) => {
    const client = browser();
    expect((await client.signIn('ada', PASSWORD, next)).location).toBe('/');
    // Who is in already is sent on at once.
    const again = await client.get(`/login?next=${encodeURIComponent(next)}`);
    expect([again.status, again.location]).toEqual([303, '/']);
    const posted = await client.post('/login', { next, _csrf: await client.csrf() });
    expect([posted.status, posted.location]).toEqual([303, '/']);
  });

  it('sends away who guesses, and lets others in', async () => {
    const client = browser();
    const _csrf = csrfIn((await client.get('/login')).text);
    const guess = () => client.post('/login', { name: 'vera', password: 'a guess', _csrf });
    const answers = await Promise.all(Array.from({ length: 14 }, guess));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(4);
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(800);
    expect(refused[0]!.text).toContain('Too many wrong logins: wait 15 minutes');
    // Names that are made up from then on leave nothing in Redis.
    const names = () => bench.redis.keys('roost:access:wrong:name:*');
    const known = (await names()).length;
    for (let i = 0; i < 5; i++) await client.post('/login', { name: `made-up-${i}`, password: 'x', _csrf });
    expect(await names()).toHaveLength(known);
    // The right one as well, and in the other process.
    const right = new BrowserClient(second.url);
    expect((await right.signIn('vera', PASSWORD)).status).toBe(429);
    await bench.redis.del(...(await bench.redis.keys('roost:access:wrong:from:*')));
    expect((await right.signIn('vera', PASSWORD)).status).toBe(303);
  });

  it('counts right logins as none', async () => {
    for (let i = 0; i < 12; i++) expect((await browser().signIn('ada', PASSWORD)).status).toBe(303);
  });

  it('follows the file of users: who is taken out is out, another password ends the login', async () => {
    const file = new UserFile(join(bench.folder, 'users'));
    file.write([{ name: 'fritz', role: 'viewer', hash }]);
    const client = await signedIn('fritz');
    const me = async () => JSON.parse((await client.call('GET', '/api/v1/me')).text) as { role: string };
    expect(await me()).toMatchObject({ name: 'fritz', role: 'viewer', via: 'session' });
    file.write([{ name: 'fritz', role: 'operator', hash }]);
    expect(await me()).toMatchObject({ role: 'operator' });
    writeFileSync(file.path, 'no line of a user\n');
    expect(await me()).toMatchObject({ role: 'operator' });
    expect(bench.log).toContain('the file of users cannot be read');
    file.write([{ name: 'fritz', role: 'operator', hash: await hashPassword('another password', COST) }]);
    expect((await client.get('/things')).status).toBe(401);
    file.write([{ name: 'fritz', role: 'operator', hash }]);
    const again = await signedIn('fritz');
    file.write([]);
    expect((await again.get('/things')).status).toBe(401);
  });

  it('says nothing secret to the log and the audit', async () => {
    const client = await signedIn();
    await client.post('/things/1/cancel', { _csrf: await client.csrf() });
    const said = bench.log + JSON.stringify(await bench.audit());
    for (const secret of [PASSWORD, hash, 'a guess', 'not this one', ...client.cookies.values()])
      expect(said).not.toContain(secret);
  });
});
