import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashPassword } from '../../src/auth/password.js';
import { ContractClient } from '../support/api-contract.js';
import { BrowserClient } from '../support/browser-client.js';
import { expectGoodProblem } from '../support/expect-problem.js';
import { rawRequest } from '../support/raw-request.js';
import { registeredRoutes } from '../support/registered-routes.js';
import { Roost } from '../support/roost.js';

const PASSWORD = 'a password for all of them';
const PUBLIC = [
  'GET /login',
  'POST /login',
  'POST /login/second-factor',
  'GET /login/break-glass',
  'POST /login/break-glass',
  'POST /logout',
  'GET /login/oidc',
  'POST /login/oidc',
  'GET /login/oidc/callback',
  'GET /health/live',
  'GET /health/ready',
];
/** Express serves these beside the router of Nest. */
const BESIDE = ['GET /api/docs', 'GET /api/openapi.json'];
/** Looks that are not for everybody who is in. */
const ADMINS_LOOK = ['GET /api/v1/audit', 'GET /api/v1/audit/export', 'GET /monitor/audit'];
const OPERATORS_LOOK = [
  'GET /api/v1/tokens',
  'GET /access/tokens',
  'GET /monitor/workers/confirm',
  'GET /monitor/queues/{name}/{act}',
];
/** Writes for everybody who is in: on what is their own. */
const EVERYBODYS_WRITES = [
  'DELETE /api/v1/sessions/{id}',
  'POST /api/v1/sessions/end',
  'POST /access/sessions/end',
  'POST /access/sessions/{id}/end',
  'POST /access/second-factor',
  'POST /access/second-factor/off',
  'POST /access/second-factor/recovery-codes',
];
/** Not in, and nothing done or told. 400 and 404: no such spelling; 421: no such host. */
const OUTSIDE = [400, 401, 403, 404, 405, 421];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

interface Route {
  name: string;
  method: string;
  path: string;
}

const isParameter = (segment: string) => segment.startsWith('{');
const isWrite = ({ method }: Route) => method !== 'GET';

describe('every route of the real app', () => {
  let roost: Roost;
  let routes: Route[];
  let registered: string[];
  const people: Record<string, BrowserClient> = {};

  beforeAll(async () => {
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    const users = `ada:admin:${hash},olga:operator:${hash},vera:viewer:${hash}`;
    roost = await Roost.start({ env: { ACCESS_USERS: users }, worker: false });
    registered = await registeredRoutes(roost);
    routes = [...registered, ...BESIDE]
      .filter((name) => !PUBLIC.includes(name))
      .map((name) => {
        const [method, pattern] = name.split(' ') as [string, string];
        return { name, method, path: pattern.replace(/\{\w+\}/g, 'nope') };
      });
    for (const name of ['ada', 'olga', 'vera']) {
      people[name] = new BrowserClient(roost.url);
      expect((await people[name].signIn(name, PASSWORD)).status).toBe(303);
    }
  });

  afterAll(() => roost.stop());

  it('is looked at here', () => {
    expect(routes.length).toBeGreaterThan(90);
    expect(routes.filter(isWrite).length).toBeGreaterThan(35);
  });

  it('puts a static path before a parameter wherever both fit one address', () => {
    const ordered = registered.map((name) => ({ name, segments: name.split(/[ /]+/) }));
    const overlaps: string[] = [];
    const wrong: string[] = [];
    ordered.forEach((earlier, i) => {
      for (const later of ordered.slice(i + 1)) {
        if (earlier.segments.length !== later.segments.length) continue;
        const pairs = earlier.segments.map((one, n) => [one, later.segments[n]!] as const);
        if (!pairs.every(([one, other]) => one === other || isParameter(one) || isParameter(other))) continue;
        const differing = pairs.find(([one, other]) => isParameter(one) !== isParameter(other));
        if (!differing) continue;
        overlaps.push(`${earlier.name} < ${later.name}`);
        if (isParameter(differing[0])) wrong.push(`${earlier.name} takes requests for ${later.name}`);
      }
    });
    expect(overlaps).toContain('GET /api/v1/tasks/suggest < GET /api/v1/tasks/{id}');
    expect(overlaps.length).toBeGreaterThan(5);
    expect(wrong).toEqual([]);
  });

  it('is closed to who is not signed in, whatever the method', async () => {
    const open: string[] = [];
    for (const { name, path } of routes) {
      for (const method of METHODS) {
        const answer = await fetch(roost.url + path, { method, redirect: 'manual' });
        if (answer.status !== 401) open.push(`${method} for ${name}: ${answer.status}`);
        await answer.body?.cancel();
      }
    }
    expect(open).toEqual([]);
  });

  it('shows who is not signed in only of public addresses which methods they take', async () => {
    const ask = async (method: string, path: string) => {
      const { status, headers } = await fetch(roost.url + path, { method, redirect: 'manual' });
      return [status, headers.get('allow')];
    };
    expect(await ask('PUT', '/login')).toEqual([405, 'GET, HEAD, POST, OPTIONS']);
    expect(await ask('OPTIONS', '/health/ready')).toEqual([204, 'GET, HEAD, OPTIONS']);
    expect(await ask('POST', '/assets/base.css')).toEqual([405, 'GET, HEAD, OPTIONS']);
    for (const path of ['/tasks', '/api/v1/tasks', '/nope'])
      for (const method of ['PUT', 'OPTIONS']) expect(await ask(method, path)).toEqual([401, null]);
  });

  it('is closed however its address is spelled', async () => {
    const open: string[] = [];
    // Several routes have one path.
    const targets = new Set(
      routes.flatMap((route) =>
        spellings(route.path).flatMap((spelling) =>
          [route.method, 'GET', 'HEAD', 'POST'].map((method) => `${method} ${spelling}`),
        ),
      ),
    );
    const tried = [...targets];
    const one = async (target: string) => {
      const { status, text } = await rawRequest(roost.url, [
        `${target} HTTP/1.1\r\nhost: localhost\r\nx-http-method-override: GET\r\nx-original-url: /login\r\n` +
          'x-forwarded-for: 127.0.0.1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
      ]);
      if (!OUTSIDE.includes(status)) open.push(`${target}: ${status} ${text.slice(0, 100)}`);
    };
    while (tried.length > 0) await Promise.all(tried.splice(0, 20).map(one));
    expect(open).toEqual([]);
  });

  it('is open to a role or not as docs/security.md says', async () => {
    const wrong: string[] = [];
    for (const [name, client] of Object.entries(people)) {
      const csrf = { 'x-csrf-token': await client.csrf() };
      for (const route of routes) {
        const may =
          name === 'ada' ||
          (name === 'olga'
            ? !ADMINS_LOOK.includes(route.name)
            : EVERYBODYS_WRITES.includes(route.name) ||
              (!isWrite(route) && ![...ADMINS_LOOK, ...OPERATORS_LOOK].includes(route.name)));
        const status = await statusOf(client, route, csrf);
        if ((status === 403) === may || status === 401 || status >= 500)
          wrong.push(`${name} ${route.name}: ${status}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('does no write for a browser that cannot say the token of its login, or says another site asked', async () => {
    const { ada, olga } = people as { ada: BrowserClient; olga: BrowserClient };
    const token = await ada.csrf();
    const ways: [string, Record<string, string>][] = [
      ['no token', {}],
      ['the token of another login', { 'x-csrf-token': await olga.csrf() }],
      ['a body that needs no preflight', { 'content-type': 'text/plain' }],
      ['another origin', { 'x-csrf-token': token, 'sec-fetch-site': '', origin: 'https://evil.example' }],
      ['another site', { 'x-csrf-token': token, 'sec-fetch-site': 'cross-site' }],
      ['a neighbour', { 'x-csrf-token': token, 'sec-fetch-site': 'same-site' }],
    ];
    const done: string[] = [];
    for (const route of routes.filter(isWrite)) {
      for (const [way, headers] of ways) {
        const status = await statusOf(ada, route, headers);
        if (status !== 403) done.push(`${route.name} with ${way}: ${status}`);
      }
    }
    expect(done).toEqual([]);
  });

  it('tells nothing of a task to a token that may not read, whatever else it may, done or refused', async () => {
    const ada = people.ada!;
    const csrf = { 'x-csrf-token': await ada.csrf() };
    const secret = 'canary-of-a-task';
    const canary = async () => {
      const body = {
        type: 'process-text',
        input: { text: secret, operation: 'upper' },
        options: { tags: [secret], delayMs: 3_600_000 },
      };
      const made = await ada.call('POST', '/api/v1/tasks', body, csrf);
      return (JSON.parse(made.text) as { id: string }).id;
    };
    const offered = [
      ...['metrics.read', 'tasks.submit', 'tasks.act', 'tasks.bulk', 'queues.control', 'workers.control'],
      ...['limits.set', 'errors.mark', 'searches.save', 'audit.read', 'secrets.reveal'],
    ];
    const told: string[] = [];
    const answers = new Set<number>();
    for (const permission of offered) {
      const request = { name: permission, permissions: [permission] };
      const made = await ada.call('POST', '/api/v1/tokens', request, csrf);
      const { token } = JSON.parse(made.text) as { token: string };
      let id = await canary();
      for (const route of routes) {
        const [, pattern] = route.name.split(' ') as [string, string];
        // A record that exists, so that the command can apply to it.
        if (isWrite(route)) id = await canary();
        const names: Record<string, string> = { id, type: 'process-text', act: 'drain', command: 'pause' };
        const path = pattern.replace(/\{(\w+)\}/g, (_, field: string) => names[field] ?? 'default');
        const forms = [
          { action: 'delete', q: `tag:${secret}`, type: 'process-text', dryRun: true },
          { action: 'cancel', id, ids: [id], type: 'process-text', 'input.text': '', from: id },
          {},
        ];
        for (const form of isWrite(route) ? forms : [undefined]) {
          const isApi = path.startsWith('/api/');
          const fields = Object.entries(form ?? {}).map(
            ([name, value]) => [name, String(value)] as [string, string],
          );
          const answer = await fetch(`${roost.url}${path}`, {
            method: route.method,
            redirect: 'manual',
            headers: {
              authorization: `Bearer ${token}`,
              ...(isApi || !form ? {} : { accept: 'text/html' }),
              ...(form && isApi ? { 'content-type': 'application/json' } : {}),
            },
            ...(form ? { body: isApi ? JSON.stringify(form) : new URLSearchParams(fields) } : {}),
            signal: AbortSignal.timeout(60_000),
          });
          answers.add(answer.status);
          // A stream that is open would tell whatever comes; it must not be open at all.
          if (/event-stream/.test(answer.headers.get('content-type') ?? '')) {
            told.push(`${permission}: ${route.name} streams`);
            await answer.body?.cancel();
          } else if ((await answer.text()).includes(secret)) told.push(`${permission}: ${route.name}`);
        }
      }
    }
    // The audit names what a search was for; that is its purpose.
    expect(told.filter((line) => !/^audit\.read: GET \/api\/v1\/audit/.test(line))).toEqual([]);
    // Some of it was done and some refused.
    expect([...answers]).toEqual(expect.arrayContaining([200, 403]));
  });

  it('changes nothing for a GET, whatever the GET shows that it is', async () => {
    const ada = people.ada!;
    const csrf = { 'x-csrf-token': await ada.csrf() };
    const body = { type: 'divide', input: { x: 1, y: 2 }, options: { delayMs: 3_600_000 } };
    const made = await ada.call('POST', '/api/v1/tasks', body, csrf);
    const { id } = JSON.parse(made.text) as { id: string };
    await ada.call('POST', '/api/v1/tokens', { name: 'stays', permissions: ['tasks.read'] }, csrf);
    const token = (JSON.parse((await ada.call('GET', '/api/v1/tokens')).text) as { items: { id: string }[] })
      .items[0]!.id;
    const session = (
      JSON.parse((await ada.call('GET', '/api/v1/sessions')).text) as { items: { id: string }[] }
    ).items[0]!.id;
    const places = [
      ...[
        `/api/v1/tasks/${id}`,
        '/api/v1/tokens',
        '/api/v1/queues/default',
        '/api/v1/queues/cpu',
        '/api/v1/sessions',
      ],
      ...['/api/v1/limits', '/api/v1/searches', '/api/v1/bulk-actions', '/api/v1/tasks?limit=1'],
    ];
    const all = async () => {
      const texts = await Promise.all(places.map(async (place) => (await ada.call('GET', place)).text));
      return texts.map((text) =>
        text.replace(
          /"(lagMs|lastUsedAt|lastSeenAt|endsAt|oldestWaitingMs|inPerMinute|outPerMinute)":[^,}]*/g,
          '',
        ),
      );
    };
    const before = await all();
    const names: Record<string, string> = { type: 'divide', command: 'pause', act: 'drain' };
    for (const { name } of routes.filter(isWrite)) {
      const [method, pattern] = name.split(' ') as [string, string];
      const path = pattern.replace(/\{(\w+)\}/g, (_, field: string) => {
        if (field === 'id')
          return pattern.includes('tokens') ? token : pattern.includes('sessions') ? session : id;
        return names[field] ?? 'default';
      });
      const query = `?_method=${method}&action=delete&command=pause&name=x&confirm=yes&_csrf=${csrf['x-csrf-token']}`;
      for (const verb of ['GET', 'HEAD']) {
        const answer = await statusOf(
          ada,
          { name, method: verb, path: path + query },
          { ...csrf, 'x-http-method-override': method, 'x-method-override': method },
        );
        expect([verb, path, answer < 500]).toEqual([verb, path, true]);
      }
    }
    expect(await all()).toEqual(before);
  });

  it('refuses in the words of the document', async () => {
    const document = (await people.vera!.call('GET', '/api/openapi.json')).text;
    const csrf = { 'x-csrf-token': await people.vera!.csrf() };
    const contract = ContractClient.from(roost.url, JSON.parse(document) as Record<string, unknown>);
    for (const { method, path } of contract.contract.calls.filter((call) => call.path.startsWith('/api/'))) {
      const at = path.replace(/\{\w+\}/g, 'nope');
      const answer = await contract.call(method, at);
      const { code } = answer.body as { code: string };
      expect([method, path, answer.status, code]).toEqual([method, path, 401, 'UNAUTHENTICATED']);
      expectGoodProblem(answer);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="roost"');
      if (method === 'GET') continue;
      const refused = await people.vera!.call(method, at, undefined, csrf);
      const problem = JSON.parse(refused.text) as { code: string; permission: string };
      contract.contract.check(method, at, {
        status: refused.status,
        headers: refused.headers,
        body: problem,
      });
      if (EVERYBODYS_WRITES.includes(`${method} ${path}`)) continue;
      expect([path, problem.code]).toEqual([path, 'FORBIDDEN']);
    }
  });

  it('leads people to the door, and back to where they were going', async () => {
    const guest = new BrowserClient(roost.url);
    const page = await guest.get('/tasks?q=state%3Afailed');
    expect(page.status).toBe(401);
    expect(page.text).toContain('name="next" value="/tasks?q&#x3D;state%3Afailed"');
    expect(page.text).not.toMatch(/<nav aria-label="Main"|data-events/);
    expect((await guest.signIn('vera', PASSWORD, '/tasks?q=state%3Afailed')).location).toBe(
      '/tasks?q=state%3Afailed',
    );
  });

  it('hides from a viewer what a viewer may not do', async () => {
    const { vera, olga } = people as { vera: BrowserClient; olga: BrowserClient };
    const form = { type: 'divide', 'input.x': '1', 'input.y': '2', key: 'a-key', _csrf: await olga.csrf() };
    const task = (await olga.post('/submit?type=divide', form)).location!.split('?')[0]!;
    expect(task).toMatch(/^\/tasks\/\w+$/);
    for (const page of [
      '/',
      '/submit',
      '/tasks',
      task,
      '/monitor',
      '/monitor/queues/default',
      '/monitor/limits',
    ]) {
      const { status, text } = await vera.get(page);
      expect([page, status]).toEqual([page, 200]);
      expect([
        page,
        [...text.matchAll(/<form[^>]*method="post"[^>]*action="([^"]*)"/g)].map(([, to]) => to),
      ]).toEqual([page, page === '/submit' ? expect.arrayContaining(['/logout']) : ['/logout']]);
      expect(text).not.toMatch(/type="submit">.*Submit task/);
    }
    const { text } = await olga.get(task);
    expect(text).toContain(`action="${task}/cancel"`);
    expect([...text.matchAll(/<form[^>]*method="post"/g)].length).toBe(
      [...text.matchAll(/name="_csrf" value="[\w-]{86}"/g)].length,
    );
  });

  it('keeps who did it', async () => {
    const { olga, ada } = people as { olga: BrowserClient; ada: BrowserClient };
    const csrf = { 'x-csrf-token': await olga.csrf() };
    await olga.call('POST', '/api/v1/queues/cpu/pause', { reason: 'to see who' }, csrf);
    expect((await olga.call('GET', '/api/v1/queues/cpu')).text).toContain('"by":"olga"');
    await olga.call('POST', '/api/v1/queues/cpu/resume', {}, csrf);
    const { text } = await ada.call('GET', '/api/v1/audit?who=olga&target=cpu');
    expect(JSON.parse(text).items).toMatchObject([
      { who: 'olga', route: '/api/v1/queues/:name/resume', outcome: 'done' },
      { who: 'olga', route: '/api/v1/queues/:name/pause', reason: 'to see who', outcome: 'done' },
    ]);
    const page = await ada.get('/monitor/audit?who=olga');
    expect(page.text).toContain('to see who');
  });
});

function spellings(path: string): string[] {
  const [, first = ''] = path.split('/');
  return [
    `/${path}`,
    `//${path}`,
    path.toUpperCase(),
    `${path}/`,
    `${path}//`,
    `${path};x`,
    `${path};/../../health/live`,
    `/.${path}`,
    `/health/..${path}`,
    `/health/live/..${path}`,
    `/assets/..${path}`,
    `/assets/%2e%2e${path}`,
    `/assets/..%2f${path.slice(1)}`,
    `/login/..${path}`,
    `/login;${path}`,
    path.replace(
      first,
      first.replace(/^./, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    ),
    `${path}%00`,
    `${path}%20`,
    `${path}?_method=GET`,
    `http://localhost${path}`,
    `\\${path}`,
  ].filter((spelling) => spelling !== path);
}

async function statusOf(
  client: BrowserClient,
  { method, path }: Route,
  headers: Record<string, string>,
): Promise<number> {
  const cookie = [...client.cookies].map((pair) => pair.join('=')).join('; ');
  const all = { cookie, 'sec-fetch-site': 'same-origin', ...headers };
  const answer = await fetch(client.url + path, {
    method,
    redirect: 'manual',
    headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
  });
  // A stream would not end.
  await answer.body?.cancel();
  return answer.status;
}
