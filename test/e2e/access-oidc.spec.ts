import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccessBench } from '../support/access-bench.js';
import { BrowserClient, csrfIn, formIn } from '../support/browser-client.js';
import { CLIENT_ID, CLIENT_SECRET, LoginProvider } from '../support/login-provider.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

const ACCOUNTS = {
  'id-of-ada': { email: 'Ada@Example.org', email_verified: true },
  'id-of-olga': { email: 'olga@example.org', email_verified: true },
  'id-of-sub': { email: 'nobody@else.example', email_verified: true },
  'id-of-liar': { email: 'ada@example.org', email_verified: false },
  'id-of-stringy': { email: 'ada@example.org', email_verified: 'true' },
  'id-of-unsaid': { email: 'ada@example.org' },
  'id-of-groups': { realm_access: { roles: ['nothing', 'devs', 'lookers'] } },
  'id-of-strangers': { realm_access: { roles: ['admin', '__proto__', 'constructor', 'secret-squad'] } },
  'id-of-odd': { realm_access: { roles: { admin: true } } },
  'id-of-evil': { email: 'ada@example.org.evil.example', email_verified: true },
  'id-of-prefix': { email: 'xada@example.org', email_verified: true },
  // A Kelvin sign, which lower case makes a k.
  'id-of-kelvin': { email: 'mar\u212a@example.org', email_verified: true },
  'id-of-claimed': { preferred_username: 'ada@example.org', roost_role: ['something', 'operator'] },
};

describe('signing in at an OpenID Connect provider', () => {
  let redis: RedisServer;
  let bench: AccessBench;
  let provider: LoginProvider;

  const start = async (env: Record<string, string>, options = {}) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const own = await LoginProvider.start(ACCOUNTS, `${url}/login/oidc/callback`, options);
    const app = await AccessBench.start({
      redisUrl: redis.url,
      env: {
        PORT: String(port),
        PUBLIC_URL: url,
        OIDC_ISSUER: own.issuer,
        OIDC_CLIENT_ID: CLIENT_ID,
        OIDC_CLIENT_SECRET: CLIENT_SECRET,
        ...env,
      },
    });
    return { app, own };
  };

  beforeAll(async () => {
    redis = await RedisServer.start();
    ({ app: bench, own: provider } = await start({
      OIDC_ADMINS: 'ada@example.org,mark@example.org',
      OIDC_OPERATORS: 'olga@example.org',
      OIDC_VIEWERS: 'sub:id-of-sub, olga@example.org',
    }));
  });

  afterAll(async () => {
    await bench.stop();
    await provider.stop();
    await redis.remove();
  });

  /** As a browser does it: from Roost over the provider's pages to the address they send it back to. */
  const wander = async (
    client: BrowserClient,
    at: LoginProvider,
    subject: string | undefined,
    next = '/things',
  ) => {
    at.next = subject;
    const outside = new BrowserClient(at.issuer);
    const begun = await client.get(`/login/oidc?next=${encodeURIComponent(next)}`);
    const left = begun.location!;
    let back = left;
    for (let i = 0; i < 10 && back.startsWith(at.issuer); i++)
      back = new URL((await outside.get(back)).location!, at.issuer).href;
    return { left: new URL(left), back };
  };
  const signIn = async (subject: string | undefined, of = bench, at = provider) => {
    const client = new BrowserClient(of.url);
    const { back } = await wander(client, at, subject);
    const answer = await client.get(back);
    return { client, back, answer };
  };
  const me = async (client: BrowserClient) => JSON.parse((await client.call('GET', '/api/v1/me')).text);

  it('is offered in place of a page', async () => {
    const page = await new BrowserClient(bench.url).get('/things?a=1');
    expect(page.status).toBe(401);
    expect(page.text).toContain(`Sign in with ${new URL(provider.issuer).host}`);
    expect(page.text).toContain('href="/login/oidc?next&#x3D;%2Fthings%3Fa%3D1"');
    expect(page.text).not.toContain('name="password"');
  });

  it('admits who is on a list, and goes on to the page', async () => {
    const { client, answer } = await signIn('id-of-ada');
    expect([answer.status, answer.location]).toEqual([303, '/things']);
    expect((await client.get('/things')).status).toBe(200);
    expect((await bench.audit())[0]).toMatchObject({ who: 'Ada@Example.org', path: '/login/oidc/callback' });
    expect(await me(client)).toMatchObject({ name: 'Ada@Example.org', role: 'admin', via: 'session' });
    expect((await client.post('/things/1/cancel', { _csrf: await client.csrf() })).status).toBe(201);
  });

  it('shows a form again that was sent after the login had ended', async () => {
    const client = new BrowserClient(bench.url);
    const door = await client.post('/things/7/cancel', { reason: 'typed <before>', password: 'hunter2' });
    const leave = async (text: string, subject: string | undefined) => {
      provider.next = subject;
      const savedForm = /name="savedForm" value="([^"]+)"/.exec(text)![1]!;
      const page = await client.post('/login/oidc', { savedForm, next: '/', _csrf: csrfIn(text) });
      expect(page.status).toBe(200);
      const address = page.headers.get('refresh')!.replace('0; url=', '');
      // No form leads elsewhere, so that the policy of the pages can stay as it is.
      expect(page.text).toContain('Go on to');
      const outside = new BrowserClient(provider.issuer);
      let back = address;
      for (let i = 0; i < 10 && back.startsWith(provider.issuer); i++)
        back = new URL((await outside.get(back)).location!, provider.issuer).href;
      return { back, answer: await client.get(back) };
    };
    const declined = await leave(door.text, undefined);
    expect(declined.answer.status).toBe(401);
    const { back, answer } = await leave(declined.answer.text, 'id-of-ada');
    const { action, fields } = formIn(answer.text, 'saved-form');
    expect([action, fields.reason]).toEqual(['/things/7/cancel', 'typed <before>']);
    expect(answer.text).not.toContain('hunter2');
    expect((await client.post(action, fields)).status).toBe(201);
    expect((await client.get(back)).location).toBe('/');
    expect(await bench.redis.keys('roost:access:oidc:*')).toEqual([]);
    // Not without the login form's own token, and no more of them than Redis has room for.
    const stranger = new BrowserClient(bench.url);
    expect((await stranger.post('/login/oidc', { next: '/', savedForm: 'e30' })).status).toBe(403);
    const long = await stranger.post('/things/7/cancel', { reason: 'x'.repeat(450 * 1024) });
    const first = /name="savedForm" value="([^"]+)"/.exec(long.text)![1]!;
    const form = { savedForm: first, _csrf: csrfIn(long.text) };
    expect((await stranger.post('/login/oidc', form)).status).toBe(200);
    const refused = await stranger.post('/login/oidc', form);
    expect(refused.status).toBe(429);
    expect(refused.text).toContain('Too many saved forms');
    expect(refused.text).toContain(`value="${first}"`);
    await bench.redis.del(await bench.redis.keys('roost:access:oidc:*'));
  });

  it('gives the highest role of several lists, and goes by the subject where it is listed', async () => {
    expect(await me((await signIn('id-of-olga')).client)).toMatchObject({ role: 'operator' });
    expect(await me((await signIn('id-of-sub')).client)).toMatchObject({ role: 'viewer' });
  });

  it('admits whose address is said to be verified in a text', async () => {
    expect(await me((await signIn('id-of-stringy')).client)).toMatchObject({ role: 'admin' });
  });

  it.each(['id-of-liar', 'id-of-unsaid', 'id-of-evil', 'id-of-prefix', 'id-of-kelvin', 'id-of-claimed'])(
    'lets %s not in',
    async (subject) => {
      const { client, answer } = await signIn(subject);
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('but you have no access to this Roost');
      expect((await bench.audit())[0]).toMatchObject({ who: '', outcome: 'refused', status: 403 });
      expect((await client.get('/things')).status).toBe(401);
      expect(await bench.redis.keys('roost:access:oidc:*')).toEqual([]);
    },
  );

  it('reports it where the provider refuses', async () => {
    const { client, answer } = await signIn(undefined);
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('did not let you in');
    expect((await client.get('/things')).status).toBe(401);
  });

  it('asks with state, nonce and a challenge, new each time', async () => {
    const client = new BrowserClient(bench.url);
    const first = (await wander(client, provider, 'id-of-ada')).left.searchParams;
    const second = (await wander(client, provider, 'id-of-ada')).left.searchParams;
    expect(first.get('code_challenge_method')).toBe('S256');
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(first.get(name)!.length).toBeGreaterThan(40);
      expect(first.get(name)).not.toBe(second.get(name));
    }
  });

  it('takes an answer once, from the browser that asked, unchanged', async () => {
    const client = new BrowserClient(bench.url);
    const { back } = await wander(client, provider, 'id-of-ada');
    // A victim is made to open the attacker's answer.
    const victim = new BrowserClient(bench.url);
    await victim.get('/login');
    expect((await victim.get(back)).status).toBe(401);
    expect((await client.get(back)).status).toBe(401);

    const again = await wander(client, provider, 'id-of-ada');
    const used = new BrowserClient(bench.url);
    for (const [name, value] of client.cookies) used.cookies.set(name, value);
    expect((await client.get(again.back)).status).toBe(303);
    expect((await used.get(again.back)).status).toBe(401);

    for (const change of [
      (url: URL) => url.searchParams.set('code', 'another'),
      (url: URL) => url.searchParams.set('iss', 'https://evil.example'),
      (url: URL) => url.searchParams.set('state', 'another'),
      (url: URL) => url.searchParams.append('state', 'another'),
      (url: URL) => url.searchParams.delete('code'),
    ]) {
      const fresh = new BrowserClient(bench.url);
      const url = new URL((await wander(fresh, provider, 'id-of-ada')).back);
      change(url);
      expect((await fresh.get(url.href)).status).toBe(401);
      expect((await fresh.get('/things')).status).toBe(401);
    }
    expect((await new BrowserClient(bench.url).get('/login/oidc/callback')).status).toBe(401);
  });

  it.each(['//evil.example', 'https://evil.example', '/.//evil.example'])(
    'never goes on to %s',
    async (next) => {
      const client = new BrowserClient(bench.url);
      const { back } = await wander(client, provider, 'id-of-ada', next);
      expect((await client.get(back)).location).toBe('/');
    },
  );

  it('tells the log neither codes nor tokens nor the secret', async () => {
    const { back } = await signIn('id-of-ada');
    expect(bench.log).not.toContain(new URL(back).searchParams.get('code')!);
    expect(bench.log).not.toContain(CLIENT_SECRET);
  });

  it.each(['client_secret_post', 'none'])(
    'works with %s, and with a role the provider gives',
    async (authMethod) => {
      const { app, own } = await start(
        { OIDC_ROLE_CLAIM: 'roost_role', ...(authMethod === 'none' ? { OIDC_CLIENT_SECRET: '' } : {}) },
        { authMethod, claimsInToken: authMethod === 'none' },
      );
      try {
        const { client, answer } = await signIn('id-of-claimed', app, own);
        expect(answer.status).toBe(303);
        expect(await me(client)).toMatchObject({ name: 'sub:id-of-claimed', role: 'operator' });
        expect((await signIn('id-of-ada', app, own)).answer.status).toBe(403);
      } finally {
        await app.stop();
        await own.stop();
      }
    },
  );

  it('gives groups of the provider roles, and shows who has none which claim was looked at', async () => {
    const { app, own } = await start({
      OIDC_ROLE_CLAIM: 'realm_access.roles',
      OIDC_ROLE_MAP: 'devs=operator, lookers=viewer',
      OIDC_ADMINS: 'ada@example.org',
      OIDC_TRUST_EMAIL: 'true',
    });
    try {
      expect(await me((await signIn('id-of-groups', app, own)).client)).toMatchObject({ role: 'operator' });
      expect(await me((await signIn('id-of-unsaid', app, own)).client)).toMatchObject({ role: 'admin' });
      for (const [subject, why] of [
        ['id-of-strangers', 'The claim realm_access.roles has no group of OIDC_ROLE_MAP in it.'],
        ['id-of-odd', 'The claim realm_access.roles is neither a text nor a list.'],
        ['id-of-liar', 'The provider reports the e-mail address as not verified.'],
      ] as const) {
        const { answer } = await signIn(subject, app, own);
        expect([subject, answer.status]).toEqual([subject, 403]);
        expect(answer.text).toContain(why);
        expect(answer.text).not.toContain('secret-squad');
      }
      expect(app.log).toContain('has no group of OIDC_ROLE_MAP in it');
      expect(app.log).not.toContain('secret-squad');
    } finally {
      await app.stop();
      await own.stop();
    }
  });

  it('is begun so often in a minute and no more, from one network: each is stored for ten minutes', async () => {
    const { app, own } = await start({ OIDC_ADMINS: 'ada@example.org', TRUST_PROXY: '1' });
    const begin = async (from: string) => {
      const headers = { 'x-forwarded-for': from };
      return (await fetch(`${app.url}/login/oidc`, { headers, redirect: 'manual' })).status;
    };
    try {
      await until('the minute is young', () => Date.now() % 60_000 < 45_000, 20_000);
      const kept = async () => (await app.redis.keys('*:access:oidc:*')).length;
      const before = await kept();
      const statuses = await Promise.all(Array.from({ length: 150 }, (_, i) => begin(`2001:db8::${i}`)));
      expect(statuses.filter((status) => status === 303)).toHaveLength(120);
      expect(statuses.filter((status) => status === 429)).toHaveLength(30);
      expect((await kept()) - before).toBe(120);
      expect(await begin('2001:db8:0:1::1')).toBe(303);
    } finally {
      await app.stop();
      await own.stop();
    }
  });

  it('reports it where the provider does not answer', async () => {
    const { app, own } = await start({ OIDC_ADMINS: 'ada@example.org' });
    await own.stop();
    try {
      const answer = await new BrowserClient(app.url).get('/login/oidc');
      expect(answer.status).toBe(503);
      expect(answer.text).toContain('does not answer');
    } finally {
      await app.stop();
    }
  });
});
