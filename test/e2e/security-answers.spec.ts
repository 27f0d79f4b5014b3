import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hashPassword } from '../../src/auth/password.js';
import { BrowserClient, type PageAnswer } from '../support/browser-client.js';
import { projectRoot } from '../support/processes.js';
import { rawRequest } from '../support/raw-request.js';
import { registeredRoutes } from '../support/registered-routes.js';
import { Roost } from '../support/roost.js';

const PASSWORD = 'a password for all of them';
const PRELOAD = pathToFileURL(join(projectRoot, 'test/support/fixtures/tell-prototype.mjs')).href;
const DIVIDE = { type: 'divide', input: { x: 10, y: 2 } };
/** Texts that reveal internals. */
const INSIDES =
  /node_modules|\.[jt]s:\d+|rediss?:\/\/|\/(src|dist)\/|\n {4}at |roost:(default|cpu|limits|access)|WRONGTYPE|SQLITE|\/tmp\/|root:x:0/;
/** Content of the requested file, and of an error of the views. */
const FILE_OF_OURS = /root:x:0|node_modules|\n {4}at |\.hbs\b/;
/** Answers that never end, or end the login. */
const NOT_ASKED = /events|logout|\/login\/oidc/;
const HEADERS: [name: string, value: RegExp | null][] = [
  ['content-security-policy', /default-src 'none'.*frame-ancestors 'none'.*object-src 'none'/],
  ['x-content-type-options', /^nosniff$/],
  ['referrer-policy', /^same-origin$/],
  ['x-frame-options', /^SAMEORIGIN|DENY$/],
  ['x-powered-by', null],
  ['server', null],
  ['access-control-allow-origin', null],
  ['access-control-allow-credentials', null],
  ['access-control-allow-methods', null],
];

interface Route {
  method: string;
  path: string;
}

describe('what every route answers', () => {
  let roost: Roost;
  let ada: BrowserClient;
  let routes: Route[];
  let csrf: Record<string, string>;
  let done: string;
  let before: string[][];

  const get = (path: string, headers: Record<string, string> = {}) => calmly(() => ada.get(path, headers));
  const reads = () => routes.filter(({ method }) => method === 'GET');
  const writes = () => routes.filter(({ method }) => method !== 'GET');
  const prototypes = async () => {
    roost.web.messages.length = 0;
    roost.web.send({ type: 'prototype?' });
    return (await roost.web.waitForMessage<{ type: 'prototype'; names: string[][] }>('prototype')).names;
  };

  beforeAll(async () => {
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    roost = await Roost.start({
      env: { ACCESS_USERS: `ada:admin:${hash}`, NODE_ENV: 'production', NODE_OPTIONS: `--import=${PRELOAD}` },
    });
    ada = new BrowserClient(roost.url);
    await ada.signIn('ada', PASSWORD);
    csrf = { 'x-csrf-token': await ada.csrf() };
    const task = await ada.call('POST', '/api/v1/tasks?wait=10', DIVIDE, csrf);
    done = (JSON.parse(task.text) as { id: string }).id;
    routes = (await registeredRoutes(roost))
      .filter((name) => !NOT_ASKED.test(name))
      .map((name) => {
        const [method, pattern] = name.split(' ') as [string, string];
        const path = pattern
          .replace(/\{(id|fingerprint)\}/g, pattern.includes('/tasks') ? done : 'nope')
          .replace('{name}', 'default')
          .replace('{type}', 'divide')
          .replace('{act}', pattern.includes('queues') ? 'drain' : 'resolve')
          .replace('{command}', 'ping');
        return { method, path };
      });
    before = await prototypes();
  });

  afterAll(() => roost.stop());

  it('is looked at here', () => {
    expect(reads().length).toBeGreaterThan(50);
    expect(writes().length).toBeGreaterThan(35);
  });

  it('has strict headers and lets no other site in, be it a success, an error, a stream or a file (S6, S8)', async () => {
    const guest = new BrowserClient(roost.url);
    const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    // All that is answered to another site at all: browser/other-sites.spec.ts has the others.
    const link = { ...evil, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const wrong: string[] = [];
    const look = ({ headers, status }: Pick<PageAnswer, 'headers' | 'status'>, what: string) => {
      for (const [name, value] of HEADERS) {
        const given = headers.get(name);
        if (value === null ? given !== null : !value.test(given ?? ''))
          wrong.push(`${what} (${status}) ${name}: ${given}`);
      }
      const policy = headers.get('content-security-policy') ?? '';
      const mayStyle = what.includes('/api/docs');
      if (/unsafe-eval|\*|https?:/.test(policy) || (/unsafe-inline/.test(policy) && !mayStyle))
        wrong.push(`${what}: ${policy}`);
      if (/script-src[^;]*unsafe-inline/.test(policy)) wrong.push(`${what}: ${policy}`);
    };
    for (const { path } of reads()) {
      look(await get(path, link), `GET ${path}`);
      look(await guest.get(path, link), `GET ${path} as a guest`);
    }
    for (const { method, path } of writes())
      look(await ada.call(method, path, {}, evil), `${method} ${path}`);
    for (const path of [
      '/nope',
      '/%ff',
      '/assets/main.js',
      '/assets/nope',
      '/api/docs',
      '/api/openapi.json',
      '/tasks/%00',
    ])
      look(await get(path, link), path);
    const cookie = [...ada.cookies].map((pair) => pair.join('=')).join('; ');
    const stream = await fetch(`${roost.url}/api/v1/events`, { headers: { cookie } });
    look(stream, 'the stream of events');
    await stream.body!.cancel();
    for (const { path } of reads()) {
      const answer = await fetch(roost.url + path, {
        method: 'OPTIONS',
        headers: { cookie, origin: 'https://evil.example', 'access-control-request-method': 'POST' },
      });
      look(answer, `OPTIONS ${path}`);
      await answer.body?.cancel();
    }
    expect(wrong).toEqual([]);
  });

  it('bounds every number that can be asked for (S12)', async () => {
    const { paths } = JSON.parse((await get('/api/openapi.json')).text) as {
      paths: Record<
        string,
        { get?: { parameters?: { name: string; in: string; schema: { type?: unknown } }[] } }
      >;
    };
    const numbers = Object.entries(paths).flatMap(([path, { get: call }]) =>
      (call?.parameters ?? [])
        .filter(({ in: where, schema }) => where === 'query' && [schema.type].flat().includes('integer'))
        .map(({ name }) => ({ path: path.replace('{id}', done).replace(/\{\w+\}/g, 'default'), name })),
    );
    expect(numbers.length).toBeGreaterThan(6);
    const wrong: string[] = [];
    for (const { path, name } of numbers.filter(({ path: at }) => !NOT_ASKED.test(at))) {
      for (const value of [
        '-1',
        '1e9',
        '99999999999999999999',
        'NaN',
        'Infinity',
        '0x10',
        '1.5',
        '',
        '٣',
        '1&' + name + '=2',
      ]) {
        const { status, text } = await get(
          `${path}?${name}=${value.includes('&') ? value : encodeURIComponent(value)}`,
        );
        const isRight =
          status === 400 || (value === '' && status < 400) || (status === 404 && !text.includes('stack'));
        if (!isRight) wrong.push(`${path}?${name}=${value}: ${status}`);
      }
    }
    expect(wrong).toEqual([]);
    const pages = [
      '/tasks',
      '/monitor',
      '/monitor/errors',
      '/monitor/audit',
      '/tasks/bulk',
      '/monitor/workers',
      '/monitor/limits',
    ];
    for (const page of pages)
      for (const query of [
        'days=1e9',
        'limit=999999999',
        'cursor=999999999999',
        'page=-1',
        'from=-1h',
        'from=1e99d',
        'range=999999d',
        'count=1e9',
      ])
        expect([page, query, (await get(`${page}?${query}`)).status < 500]).toEqual([page, query, true]);
  });

  it('takes no name that reaches into JavaScript, and no value in a shape it did not ask for (S13)', async () => {
    const queries = [
      '__proto__[polluted]=1',
      '__proto__.polluted=1',
      'constructor[prototype][polluted]=1',
      'constructor=1',
      'toString=1',
      'hasOwnProperty=1',
      'q[]=1',
      'q[$gt]=1',
      'q=a&q=b',
      'state=failed&state=completed',
      'limit=1&limit=2',
      'limit[]=1',
    ];
    const faults: string[] = [];
    for (const { path } of reads()) {
      for (const query of queries) {
        const { status, text } = await get(`${path}?${query}`);
        if (status >= 500 || (status >= 400 && INSIDES.test(text)))
          faults.push(`GET ${path}?${query}: ${status}`);
      }
    }
    const bodies = [
      '{"__proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      '{"toString":1,"hasOwnProperty":2,"valueOf":3}',
      '[{"__proto__":{"polluted":1}}]',
      '{"input":[1],"type":["divide"],"ids":{"length":1e9},"reason":{"toString":1},"queue":["cpu"],"value":"8"}',
    ];
    for (const { method, path } of writes().filter((route) => route.path !== '/logout')) {
      for (const body of bodies) {
        const answer = await send(method, path, body, { 'content-type': 'application/json', ...csrf });
        if (
          answer.status >= 500 ||
          (answer.status < 300 && body.includes('__proto__') && path.startsWith('/api/'))
        )
          faults.push(`${method} ${path} with ${body}: ${answer.status}`);
      }
      const form =
        '__proto__[polluted]=1&constructor.prototype.polluted=1&type=divide&type=process-text&input.x[]=1&toString=1';
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await send(method, path, `${form}&_csrf=${csrf['x-csrf-token']}`, { ...type, ...csrf });
      if (answer.status >= 500)
        faults.push(`${method} ${path} with a form: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
    expect(faults).toEqual([]);
    expect(await prototypes()).toEqual(before);
  });

  it('hands nothing on to BullMQ that is not an option of ours (S13)', async () => {
    const extras = {
      opts: {},
      jobId: 'mine',
      parent: { id: 'x', queue: 'roost:cpu' },
      repeat: { every: 1 },
      removeOnComplete: true,
      timestamp: 1,
      lifo: true,
    };
    for (const [name, value] of Object.entries(extras)) {
      for (const body of [
        { ...DIVIDE, [name]: value },
        { ...DIVIDE, options: { [name]: value } },
        { type: 'divide', input: { ...DIVIDE.input, [name]: value } },
      ]) {
        const { status, text } = await ada.call('POST', '/api/v1/tasks', body, csrf);
        expect([name, status, text]).toEqual([name, 422, expect.stringContaining(name)]);
      }
    }
    const form = {
      type: 'divide',
      'input.x': '1',
      'input.y': '2',
      key: 'extras',
      _csrf: csrf['x-csrf-token']!,
    };
    const more = {
      jobId: 'mine',
      'options.jobId': 'mine',
      'options.lifo': 'true',
      'opts.jobId': 'mine',
      'options.parent': 'x',
      'input.jobId': 'mine',
    };
    const answer = await ada.post('/submit?type=divide', { ...form, ...more });
    expect(answer.status).toBe(303);
    const id = /^\/tasks\/(\w+)/.exec(answer.location!)![1]!;
    expect(id).not.toBe('mine');
    const redis = new Redis(roost.redis.url);
    try {
      const [job, mine] = [
        await redis.hgetall(`roost:default:${id}`),
        await redis.exists('roost:default:mine'),
      ];
      expect(mine).toBe(0);
      expect(JSON.stringify(job)).not.toMatch(/mine|lifo|parentKey/);
    } finally {
      redis.disconnect();
    }
  });

  it('reads no file that a request names to the views (S23)', async () => {
    const names = [
      'layout',
      'settings[view options][layout]',
      'settings[views]',
      'cache',
      '_locals[layout]',
      'partials[x]',
      'blockParams',
      'helpers',
      'data',
      'title',
      'page',
      'me',
      'body',
      '_locals',
      'settings',
    ];
    const query = names
      .map((name) => `${encodeURIComponent(name)}=${encodeURIComponent('../../../../../../etc/passwd')}`)
      .join('&');
    const faults: string[] = [];
    for (const { path } of reads()) {
      const [plain, fuzzed] = [await get(path), await get(`${path}?${query}`)];
      // A page may report an unknown name; nothing else about it may change.
      const same = fuzzed.status === plain.status || [400, 303].includes(fuzzed.status);
      const isPage = /text\/html/.test(plain.headers.get('content-type') ?? '');
      const hasFrame = !isPage || fuzzed.status === 303 || /<title>[^<]+ · Roost<\/title>/.test(fuzzed.text);
      // The slow log of Redis names keys of ours, on purpose.
      if (!same || !hasFrame || FILE_OF_OURS.test(fuzzed.text))
        faults.push(`GET ${path}: ${plain.status}, ${fuzzed.status} ${fuzzed.text.slice(0, 120)}`);
    }
    for (const { method, path } of writes().filter(
      (route) => !route.path.startsWith('/api/') && route.path !== '/logout',
    )) {
      const body = `${query}&_csrf=${csrf['x-csrf-token']}`;
      const answer = await send(method, path, body, { 'content-type': 'application/x-www-form-urlencoded' });
      if (answer.status >= 500 || INSIDES.test(answer.text))
        faults.push(`${method} ${path}: ${answer.status}`);
    }
    expect(faults).toEqual([]);
  });

  it('answers at once to text that was made to keep a pattern busy (S15)', async () => {
    const long = 60_000;
    const texts = [
      '1',
      '-',
      '/',
      ' ',
      '"',
      '(',
      ':',
      'a:',
      '[',
      '0.',
      '\\\\',
      '*',
      'NOT ',
      '%',
      '?',
      ',',
      '\t',
      'é',
    ].map((piece) => `${piece.repeat(Math.floor(long / piece.length))}x!`);
    const slow: string[] = [];
    const timed = async (what: string, work: () => Promise<{ status: number }>, isSecond = false) => {
      const start = performance.now();
      const { status } = await work();
      const ms = performance.now() - start;
      if (ms < 1000 && status < 500) return;
      // Quadratic work on as much text takes seconds each time; a busy machine does so once.
      if (isSecond) slow.push(`${what}: ${status} after ${Math.round(ms)} ms`);
      else await timed(what, work, true);
    };
    for (const text of texts) {
      const what = JSON.stringify(text.slice(0, 4));
      const bodies: [string, object][] = [
        ['/api/v1/tasks', { type: 'divide', input: { x: text, y: text, digits: text } }],
        ['/api/v1/tasks', { type: text, input: {} }],
        ['/api/v1/tasks', { ...DIVIDE, options: { runAt: text, expiresAt: text, tags: [text] } }],
        ['/api/v1/searches', { name: text, q: text }],
        ['/api/v1/bulk-actions', { action: 'delete', q: text, dryRun: true }],
        ['/api/v1/queues/cpu/pause', { reason: text, until: text }],
        ['/api/v1/tokens', { name: text, permissions: [text] }],
      ];
      for (const [path, body] of bodies)
        await timed(`POST ${path} ${what}`, () => ada.call('POST', path, body, csrf));
      const { 'x-csrf-token': _csrf } = csrf as { 'x-csrf-token': string };
      const form = {
        type: 'divide',
        'input.x': text,
        'input.y': text,
        'input.digits': text,
        key: 'k',
        'options.priority': text,
        _csrf,
      };
      await timed(`the form ${what}`, () => ada.post('/submit?type=divide', form));
      await timed(`a saved search ${what}`, () =>
        ada.post('/tasks/searches', { name: text, q: text, _csrf }),
      );
      // Node takes no head of more than 16 kB.
      const short = encodeURIComponent(text.slice(0, 3000)).slice(0, 12_000).replace(/%.?$/, '');
      for (const path of [
        '/tasks?q=',
        '/api/v1/tasks?q=',
        '/api/v1/tasks/suggest?q=',
        '/api/v1/tasks/export?q=',
        '/monitor/errors?q=',
        '/monitor/audit?q=',
        '/api/v1/audit?who=',
        '/tasks/bulk?q=',
        '/tasks?from=',
      ])
        await timed(`GET ${path} ${what}`, () => get(path + short));
    }
    await timed('a path of slashes', () => get(`/${'/'.repeat(12_000)}x`));
    await timed('a bulk path of slashes', () =>
      ada.call('POST', `/api/v1/tasks/bulk${'/'.repeat(12_000)}x`, {}, csrf),
    );
    expect(slow).toEqual([]);
  });

  it('tells nothing of its insides where something is wrong, not even where it is our fault (S16)', async () => {
    const told: string[] = [];
    const statuses = new Set<number>();
    const look = ({ status, text }: { status: number; text: string }, what: string) => {
      statuses.add(status);
      if (status >= 400 && INSIDES.test(text)) told.push(`${what}: ${status} ${INSIDES.exec(text)![0]}`);
    };
    const all = async (what: string) => {
      for (const { path } of reads()) look(await get(path), `${path} ${what}`);
      for (const { method, path } of writes().filter((route) => route.path !== '/logout'))
        look(
          await send(method, path, '{', { 'content-type': 'application/json', ...csrf }),
          `${method} ${path} ${what}`,
        );
    };
    for (const path of [
      '/nope',
      '/%',
      '/tasks/%00',
      '/api/v1/nope',
      `/${'x'.repeat(3000)}`,
      '/assets/..%2fmain.js',
      '/assets/%2e%2e/%2e%2e/package.json',
    ])
      look(await get(path), path);
    look(await rawRequest(roost.url, ['GET / HTTP/1.1\r\nbad header\r\n\r\n']), 'a bad header');
    await all('as it is');
    // Keys of another kind than ours: the errors are then nobody's expected ones.
    const redis = new Redis(roost.redis.url);
    const keys = [
      'completed',
      'failed',
      'wait',
      'active',
      'delayed',
      'prioritized',
      'cancelled',
      'expired',
      'meta',
    ].map((name) => `roost:default:${name}`);
    await redis.del(...keys, 'roost:limits', 'roost:default:control');
    for (const key of [...keys, 'roost:limits', 'roost:default:control']) await redis.set(key, 'a text');
    await all('with keys of the wrong kind');
    redis.disconnect();
    expect([...statuses]).toContain(500);
    await roost.redis.kill();
    await all('without Redis');
    expect([...statuses]).toContain(503);
    expect(told).toEqual([]);
    expect(roost.web.isRunning).toBe(true);
  });

  async function send(method: string, path: string, body: string, headers: Record<string, string>) {
    const cookie = [...ada.cookies].map((pair) => pair.join('=')).join('; ');
    const all = { cookie, 'sec-fetch-site': 'same-origin', accept: 'text/html', ...headers };
    return calmly(async () => {
      const answer = await fetch(roost.url + path, { method, body, headers: all, redirect: 'manual' });
      return { status: answer.status, text: await answer.text() };
    });
  }
});

/** Asked once more where Redis was late: this is about answers, not about a busy machine. */
async function calmly<T extends { status: number }>(ask: () => Promise<T>): Promise<T> {
  const answer = await ask();
  return answer.status === 503 ? ask() : answer;
}
