import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '../../src/auth/password.js';
import { SecondFactorService } from '../../src/auth/second-factor.service.js';
import { SecondFactors } from '../../src/auth/second-factors.js';
import { UserFile } from '../../src/auth/user-file.js';
import { newUserId } from '../../src/auth/user.js';
import { AccessBench } from '../support/access-bench.js';
import { Authenticator } from '../support/authenticator.js';
import { BrowserClient, csrfIn, type PageAnswer } from '../support/browser-client.js';
import { RedisServer } from '../support/redis-server.js';

const PASSWORD = 'a password for all of them';

/** Finds the step of the form that a page shows. */
const stepIn = ({ text }: PageAnswer) => /name="step" value="([^"]+)"/.exec(text)?.[1] ?? '';
const codesIn = ({ text }: PageAnswer) =>
  [...text.matchAll(/<li><code>([a-z0-9-]+)</g)].map(([, code]) => code!);

describe('signing in with a second factor', () => {
  let redis: RedisServer;
  let folder: string;
  let here: AccessBench;
  /** Another web process of the same Roost, which requires it of viewers too. */
  let there: AccessBench;
  let ids: Record<string, string>;

  beforeAll(async () => {
    redis = await RedisServer.start();
    folder = mkdtempSync(join(tmpdir(), 'roost-factor-'));
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    ids = { ada: newUserId(), adam: newUserId(), vera: newUserId() };
    new UserFile(join(folder, 'users')).write([
      { name: 'ada', role: 'admin', hash, id: ids.ada! },
      { name: 'adam', role: 'admin', hash, id: ids.adam! },
      { name: 'vera', role: 'viewer', hash, id: ids.vera! },
    ]);
    const start = (roles: string) =>
      AccessBench.start({ redisUrl: redis.url, folder, env: { ACCESS_SECOND_FACTOR: roles } });
    here = await start('admin');
    there = await start('admin, viewer');
  });

  afterAll(async () => {
    await here?.stop();
    await there?.stop();
    await redis.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    for (const bench of [here, there]) {
      await bench.forgetGuesses();
      bench.app.get(SecondFactorService).limit.local.clear();
    }
  });

  /** As if the codes so far were long ago. */
  const forgetCodes = async () => {
    await here.redis.del('none', ...(await here.redis.keys('*:used-code:*')));
    for (const bench of [here, there])
      (bench.app.get(SecondFactors) as unknown as { used: Map<string, number> }).used.clear();
  };
  const begin = async (name: string, bench = here) => {
    const client = new BrowserClient(bench.url);
    const page = await client.signIn(name, PASSWORD);
    return { client, page };
  };
  const send = (client: BrowserClient, page: PageAnswer, code: string, step = stepIn(page)) =>
    client.post('/login/second-factor', { step, code, _csrf: csrfIn(page.text), next: '/things' });
  const isIn = async (client: BrowserClient) => (await client.get('/things')).status === 200;

  it('is set up at the login where the role requires it, and nobody is in before', async () => {
    const { client, page } = await begin('ada');
    expect([page.status, page.location]).toEqual([200, null]);
    const app = Authenticator.of(page.text);
    expect(page.text).toContain('<svg class="qr"');
    const link = /href="(otpauth:[^"]+)"/
      .exec(page.text)![1]!
      .replaceAll('&amp;', '&')
      .replaceAll('&#x3D;', '=');
    expect(decodeURIComponent(link)).toContain('otpauth://totp/Roost:ada?');
    expect(new URL(link).searchParams.get('secret')).toBe(app.secret);
    expect(await isIn(client)).toBe(false);
    const wrong = await send(client, page, app.wrongCode());
    expect([wrong.status, Authenticator.of(wrong.text).secret]).toEqual([401, app.secret]);
    const done = await send(client, wrong, app.code());
    const codes = codesIn(done);
    expect([done.status, codes.length, new Set(codes).size]).toEqual([200, 10, 10]);
    expect(done.text).toContain('href="/things"');
    expect(await isIn(client)).toBe(true);

    // Redis knows neither, and another account cannot be given the record.
    const key = `roost:access:second-factor:${ids.ada}`;
    const kept = (await here.redis.get(key))!;
    for (const secret of [app.secret, ...codes]) expect(kept).not.toContain(secret);
    await here.redis.set(`roost:access:second-factor:${ids.adam}`, kept);
    const adam = await begin('adam');
    expect((await send(adam.client, adam.page, app.code(1))).status).toBe(401);
    expect(await isIn(adam.client)).toBe(false);

    expect(await isIn((await begin('vera')).client)).toBe(true);
  });

  it('takes a code once, in all web processes together, and from the browser that typed the password', async () => {
    await forgetCodes();
    const secret = await enrolled('ada');
    const app = new Authenticator(secret);
    await forgetCodes();
    const code = app.code();
    const first = await begin('ada');
    const second = await begin('ada', there);
    const stranger = new BrowserClient(here.url);
    const login = await stranger.get('/login');
    const stolen = await send(stranger, login, code, stepIn(first.page));
    expect([stolen.status, stolen.text.includes('Sign in again')]).toEqual([401, true]);
    expect((await send(first.client, first.page, code)).status).toBe(303);
    expect((await send(second.client, second.page, code)).status).toBe(401);
    expect(await isIn(second.client)).toBe(false);
    expect((await send(second.client, second.page, app.code(1))).status).toBe(303);
    expect([await isIn(first.client), await isIn(second.client)]).toEqual([true, true]);
  });

  it('takes a recovery code once, however many send it at the same time', async () => {
    await forgetCodes();
    await enrolled('ada');
    const codes = recovery.ada!;
    const tries = await Promise.all(Array.from({ length: 5 }, () => begin('ada')));
    const typed = codes[0]!.toUpperCase().replaceAll('-', ' ');
    const answers = await Promise.all(tries.map(({ client, page }) => send(client, page, typed)));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 401, 401, 401, 401]);
    const last = await begin('ada');
    expect((await send(last.client, last.page, codes[1]!)).status).toBe(303);
    expect(here.log).toContain('a recovery code was used');
  });

  it('counts wrong codes for the user, and reports it in the log', async () => {
    const app = new Authenticator(await enrolled('ada'));
    const { client, page } = await begin('ada');
    const statuses = [];
    for (let i = 0; i < 12; i++) statuses.push((await send(client, page, app.wrongCode())).status);
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect((await send(client, page, app.code(1))).status).toBe(429);
    expect(here.log).toContain('a wrong code after a right password');
  });

  it('ends logins without one where the role requires it from now on', async () => {
    const { client } = await begin('vera');
    const other = new BrowserClient(there.url);
    for (const [cookie, value] of client.cookies) other.cookies.set(cookie, value);
    expect([await isIn(client), await isIn(other)]).toEqual([true, false]);
    const again = await begin('vera', there);
    expect(Authenticator.of(again.page.text).secret).toHaveLength(32);
  });

  it('is in the audit with its outcome, without a code', async () => {
    const audit = (await here.audit()).filter(({ path }) => path === '/login/second-factor');
    expect(audit.find(({ targets }) => targets.includes('second factor set up'))).toMatchObject({
      ...{ who: 'ada', outcome: 'done', from: '127.0.0.1' },
    });
    expect(audit.some(({ outcome, targets }) => outcome === 'refused' && targets.includes('ada'))).toBe(true);
    expect(JSON.stringify(audit)).not.toMatch(/"\d{6}"/);
  });

  const recovery: Record<string, string[]> = {};

  /** The secret of a user who has a new one set up. */
  async function enrolled(name: string): Promise<string> {
    await here.app.get(SecondFactors).reset(ids[name]!);
    const { client, page } = await begin(name);
    const app = Authenticator.of(page.text);
    recovery[name] = codesIn(await send(client, page, app.code()));
    return app.secret;
  }
});
