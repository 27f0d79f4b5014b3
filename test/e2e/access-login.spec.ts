import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from '../../src/auth/password.js';
import { digest } from '../../src/auth/secrets.js';
import { UserFile } from '../../src/auth/user-file.js';
import { AccessBench } from '../support/access-bench.js';
import { BrowserClient, csrfIn, formIn } from '../support/browser-client.js';
import { RedisServer } from '../support/redis-server.js';

const PASSWORD = 'Grüße-🐦-from the roost';
/** Cheap: what is tested here is not the cost. */
/** Id of an account in the file of users. */
const ID = '0123456789abcdef';
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
    // A cookie planted before the login does not become the session.
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

  it('shows a form again that was sent after the login had ended, and does nothing before it is sent once more', async () => {
    const client = await signedIn('olga');
    client.cookies.clear();
    const typed = { reason: 'typed <b>"with care"</b>\nin lines', 'input.password': 'hunter2' };
    const before = [...bench.things.done];
    const door = await client.post('/things/7/cancel?x=1', { ...typed, _csrf: 'of the login that ended' });
    expect(door.status).toBe(401);
    expect(door.text).toContain('Your input is saved');
    const sent = (text: string) => {
      const savedForm = /name="savedForm" value="([^"]+)"/.exec(text)![1]!;
      return { name: 'olga', password: PASSWORD, savedForm, _csrf: csrfIn(text) };
    };
    const wrong = await client.post('/login', { ...sent(door.text), password: 'a typo' });
    expect(wrong.status).toBe(401);
    const page = await client.post('/login', sent(wrong.text));
    expect(page.status).toBe(200);
    expect(page.text).toContain('Not sent yet');
    expect(door.text + wrong.text + page.text).not.toContain('hunter2');
    expect(page.text).toContain('fill in password again');
    const { action, fields } = formIn(page.text, 'saved-form');
    expect([action, fields.reason]).toEqual(['/things/7/cancel?x=1', typed.reason]);
    expect(bench.things.done).toEqual(before);
    expect((await client.post(action, fields)).status).toBe(201);
    expect(bench.things.done).toEqual([...before, 'cancel 7 POST']);
    // In the audit as ever: the refusal without a word of the form, and the act.
    const [act, ...rest] = await bench.audit();
    expect(act).toMatchObject({ who: 'olga', path: '/things/7/cancel', outcome: 'done' });
    const refused = rest.find(({ path, outcome }) => path === '/things/7/cancel' && outcome === 'refused');
    expect(refused).toMatchObject({ who: '', code: 'UNAUTHENTICATED', reason: null });
    await bench.forgetGuesses();
  });

  it('shows a form again that is from an earlier login of the same browser', async () => {
    const client = await signedIn('olga');
    const old = await client.csrf();
    await client.post('/logout', { _csrf: old });
    await client.signIn('olga', PASSWORD);
    const page = await client.post('/things/8/cancel', { reason: 'typed before', _csrf: old });
    expect(page.status).toBe(403);
    const { action, fields } = formIn(page.text, 'saved-form');
    expect(fields.reason).toBe('typed before');
    expect((await client.post(action, fields)).status).toBe(201);
    // The login page that was open beside it, with a form in it.
    const guest = browser();
    const door = await guest.post('/things/9/cancel', { reason: 'typed beside' });
    const login = {
      ...{ name: 'olga', password: PASSWORD, _csrf: csrfIn(door.text) },
      savedForm: /name="savedForm" value="([^"]+)"/.exec(door.text)![1]!,
    };
    await guest.signIn('olga', PASSWORD);
    expect(formIn((await guest.post('/login', login)).text, 'saved-form').fields.reason).toBe('typed beside');
  });

  it.each([
    ['of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['of a program', { 'sec-fetch-site': '', accept: 'application/json' }, 401],
    ['of no page at all', { 'sec-fetch-site': '', origin: '' }, 401],
  ])('keeps no form %s', async (_whose, given, status) => {
    const headers = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
    const answer = await fetch(`${bench.url}/things/1/cancel`, {
      method: 'POST',
      headers: { accept: 'text/html', ...headers },
      body: new URLSearchParams({ reason: 'a canary' }),
    });
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toMatch(/a canary|name="savedForm"/);
  });

  it('reports it where a form is too long to be saved, and takes no forged one for a form', async () => {
    const client = browser();
    const door = await client.post('/things/1/cancel', { reason: 'x'.repeat(800 * 1024) });
    expect(door.status).toBe(401);
    expect(door.text).toContain('too long to be saved');
    for (const savedForm of ['%%%', Buffer.from('{"action":"//evil.example"}').toString('base64url')]) {
      const guest = browser();
      const _csrf = csrfIn((await guest.get('/login')).text);
      const answer = await guest.post('/login', { name: 'olga', password: PASSWORD, savedForm, _csrf });
      expect([answer.status, answer.location]).toEqual([303, '/']);
    }
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
    await bench.forgetGuesses();
  });

  it('finds the right one behind cookies of the same name that something else planted', async () => {
    const client = await signedIn();
    const session = [...client.cookies].find(([name]) => name.includes('session'))!.join('=');
    const name = session.split('=')[0];
    const planted = [`${name}=${'P'.repeat(43)}`, `${name}=`, `${name}=%00`];
    const get = (cookie: string) =>
      fetch(`${bench.url}/things`, { headers: { cookie, accept: 'text/html' } });
    expect((await get([...planted, session].join('; '))).status).toBe(200);
    expect((await get(planted.join('; '))).status).toBe(401);
    // At the login form as well: its token belongs to the visit cookie that the browser was given.
    const guest = browser();
    const page = await guest.get('/login');
    const visit = [...guest.cookies].find(([one]) => one.includes('visit'))!;
    const cookie = [`${visit[0]}=${'P'.repeat(43)}`, visit.join('=')].join('; ');
    const answer = await fetch(`${bench.url}/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ name: 'ada', password: PASSWORD, _csrf: csrfIn(page.text) }),
    });
    expect(answer.status).toBe(303);
  });

  it('is not to be had by writing a session into Redis', async () => {
    const id = 'S'.repeat(43);
    const now = Date.now();
    const record = {
      identity: { kind: 'user', name: 'ada', id: 'x' },
      ...{ proof: '', startedAt: now, seenAt: now },
    };
    const client = await signedIn();
    const [name] = [...client.cookies.keys()].filter((one) => one.includes('session'));
    for (const text of [JSON.stringify(record), `${'A'.repeat(43)}.${JSON.stringify(record)}`]) {
      await bench.redis.set(`roost:access:session:${digest(id)}`, text);
      const forged = browser();
      forged.cookies.set(name!, id);
      expect((await forged.get('/things')).status).toBe(401);
    }
    // Nor by copying what Redis holds of somebody who is signed in.
    const keys = await bench.redis.keys('roost:access:session:*');
    const real = await bench.redis.get(keys.find((key) => !key.endsWith(digest(id)))!);
    await bench.redis.set(`roost:access:session:${digest(id)}`, real!);
    const copied = browser();
    copied.cookies.set(name!, id);
    expect((await copied.get('/things')).status).toBe(401);
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
    // A signed-in user is redirected at once.
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
    // Write access to Redis does not make this process accept more guesses.
    await bench.redis.del(...(await bench.redis.keys('roost:access:wrong:*')));
    expect((await guess()).status).toBe(429);
    await bench.forgetGuesses();
    await second.forgetGuesses();
    expect((await right.signIn('vera', PASSWORD)).status).toBe(303);
  });

  it('counts right logins as none', async () => {
    for (let i = 0; i < 12; i++) expect((await browser().signIn('ada', PASSWORD)).status).toBe(303);
  });

  it('follows the file of users: who is removed is out, another password ends the login', async () => {
    const file = new UserFile(join(bench.folder, 'users'));
    file.write([{ name: 'fritz', role: 'viewer', hash, id: ID }]);
    const client = await signedIn('fritz');
    const me = async () => JSON.parse((await client.call('GET', '/api/v1/me')).text) as { role: string };
    expect(await me()).toMatchObject({ name: 'fritz', role: 'viewer', via: 'session' });
    file.write([{ name: 'fritz', role: 'operator', hash, id: ID }]);
    expect(await me()).toMatchObject({ role: 'operator' });
    writeFileSync(file.path, 'no line of a user\n');
    expect(await me()).toMatchObject({ role: 'operator' });
    expect(bench.log).toContain('cannot read the user file');
    file.write([
      { name: 'fritz', role: 'operator', hash: await hashPassword('another password', COST), id: ID },
    ]);
    expect((await client.get('/things')).status).toBe(401);
    file.write([{ name: 'fritz', role: 'operator', hash, id: ID }]);
    const again = await signedIn('fritz');
    file.write([]);
    expect((await again.get('/things')).status).toBe(401);
  });

  it('writes nothing secret to the log and the audit', async () => {
    const client = await signedIn();
    await client.post('/things/1/cancel', { _csrf: await client.csrf() });
    const said = bench.log + JSON.stringify(await bench.audit());
    for (const secret of [PASSWORD, hash, 'a guess', 'not this one', ...client.cookies.values()])
      expect(said).not.toContain(secret);
  });
});
