import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ContractClient } from '../support/api-contract.js';
import { head, rawRequest } from '../support/raw-request.js';
import { registeredRoutes } from '../support/registered-routes.js';
import { Roost } from '../support/roost.js';

const TASKS = '/api/v1/tasks';

describe('HTTP that is not right', () => {
  let roost: Roost;
  let api: ContractClient;

  beforeAll(async () => {
    roost = await Roost.start({ worker: false });
    api = await ContractClient.of(roost.url);
  });

  afterAll(() => roost.stop());

  it('refuses 10 MB before it has read them, and the connection ends cleanly', async () => {
    const size = 10 * 1024 * 1024;
    const piece = Buffer.alloc(64 * 1024, 97);
    const pieces = [
      head(TASKS, { 'content-length': String(size) }),
      ...Array<Buffer>(size / piece.length).fill(piece),
    ];
    const answer = await rawRequest(roost.url, pieces);
    expect(answer.status).toBe(413);
    expect(answer.text).toMatch(/connection: close/i);
    expect(answer.text).toMatch(/application\/problem\+json/);
    expect(answer.ms).toBeLessThan(20_000);
    expect((await api.submit('divide', { x: 10, y: 2 })).status).toBe(202);
  });

  it.each<[what: string, pieces: string[], status: number]>([
    [
      'a chunk with a length that is none',
      [head(TASKS, { 'transfer-encoding': 'chunked' }), 'zz\r\n{}\r\n0\r\n\r\n'],
      400,
    ],
    [
      'chunks without end',
      [
        head(TASKS, { 'transfer-encoding': 'chunked' }),
        ...Array<string>(20).fill(`8000\r\n${'x'.repeat(0x8000)}\r\n`),
      ],
      413,
    ],
    [
      'both lengths',
      [head(TASKS, { 'transfer-encoding': 'chunked', 'content-length': '3' }), '0\r\n\r\n'],
      400,
    ],
    ['two lengths', [head(TASKS, { 'content-length': '2', 'Content-Length': '3' }), '{}'], 400],
    ['a head that is none', ['POST\r\n\r\n'], 400],
    ['a header of 100 kB', [head(TASKS, { 'x-long': 'x'.repeat(1e5) })], 431],
  ])('%s ends with an answer', async (_what, pieces, status) => {
    const answer = await rawRequest(roost.url, pieces);
    expect(answer.status).toBe(status);
    expect(answer.ms).toBeLessThan(20_000);
    expect((await api.get('/health/live')).status).toBe(200);
  });

  describe('methods', () => {
    let routes: Map<string, string[]>;
    /** By the way they are asked, or of the moment. */
    const OWN =
      /^(date|x-request-id|etag|content-length|transfer-encoding|connection|keep-alive|set-cookie)$/;
    const BESIDE = [
      'GET /assets/base.css',
      'GET /api/docs',
      'GET /assets/vendor/swagger-ui.css',
      'GET /api/openapi.json',
    ];

    beforeAll(async () => {
      const { id } = (await api.submit('divide', { x: 10, y: 2 })).body;
      routes = new Map();
      for (const route of [...(await registeredRoutes(roost)), ...BESIDE]) {
        const [method, pattern] = route.split(' ') as [string, string];
        const path = pattern
          .replace('{id}', pattern.includes('/tasks/') ? id : 'nope')
          .replace('{name}', 'default')
          .replace('{type}', 'divide')
          .replace('{act}', 'drain')
          .replace(/\{\w+\}/, 'nope');
        routes.set(path, [...(routes.get(path) ?? []), method]);
      }
      expect(routes.size).toBeGreaterThan(80);
    });

    /** Status and headers; of an answer that would not end the beginning is enough. */
    const ask = async (method: string, path: string) => {
      const answer = await fetch(roost.url + path, { method, redirect: 'manual' });
      if (method === 'GET') await answer.body?.cancel();
      const text = method === 'GET' ? '' : await answer.text();
      const headers = Object.fromEntries([...answer.headers].filter(([name]) => !OWN.test(name)));
      return { status: answer.status, headers, text };
    };

    it('answers each GET as HEAD too, in whole and without a body', async () => {
      const wrong: unknown[] = [];
      for (const [path, methods] of routes) {
        if (!methods.includes('GET')) continue;
        const get = await ask('GET', path);
        const asHead = await ask('HEAD', path);
        try {
          expect(asHead).toEqual({ ...get, text: '' });
        } catch {
          wrong.push([path, get, asHead]);
        }
      }
      expect(wrong).toEqual([]);
    });

    it.each(['/api/v1/events', '/api/v1/tasks/export', '/api/v1/audit/export'])(
      'leaves the connection free after HEAD %s',
      async (path) => {
        const { text } = await rawRequest(roost.url, [
          `HEAD ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
          'GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
        ]);
        expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
        expect(text).toMatch(/\r\n\r\nHTTP\/1\.1 200 OK[\s\S]*\{"status":"ok"\}$/);
      },
    );

    it('refuses any other method with 405 and what the address takes, and tells it to OPTIONS', async () => {
      const wrong: string[] = [];
      for (const [path, own] of routes) {
        const methods = [...own, ...(own.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
        const options = await fetch(roost.url + path, { method: 'OPTIONS' });
        const told = options.headers.get('allow')?.split(', ') ?? [];
        if (options.status !== 204 || String(told.toSorted()) !== String([...new Set(methods)].sort()))
          wrong.push(`OPTIONS ${path}: ${options.status} ${String(told)}`);
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
          if (methods.includes(method)) continue;
          const answer = await fetch(roost.url + path, { method, headers: { accept: 'application/json' } });
          const { code, detail } = (await answer.json()) as { code: string; detail: string };
          const allow = answer.headers.get('allow')?.split(', ') ?? [];
          const isRight =
            answer.status === 405 && code === 'METHOD_NOT_ALLOWED' && String(allow) === String(told);
          if (!isRight) wrong.push(`${method} ${path}: ${answer.status} ${code} ${detail} ${String(allow)}`);
        }
      }
      expect(wrong).toEqual([]);
    });

    it('says it before it has read a body, and draws a page for people', async () => {
      const size = 10 * 1024 * 1024;
      const head405 = head('/health/live', { 'content-length': String(size) });
      expect((await rawRequest(roost.url, [head405, Buffer.alloc(1024)])).status).toBe(405);
      const page = await fetch(`${roost.url}/tasks`, { method: 'DELETE', headers: { accept: 'text/html' } });
      expect([page.status, page.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
      expect(await page.text()).toContain('This address takes GET, HEAD, not DELETE.');
    });

    it('leaves what is not there not found, whatever the method', async () => {
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'])
        for (const path of ['/nope', '/api/v1/nope', '/assets/nope.css', '/assets/../package.json'])
          expect([method, path, (await fetch(roost.url + path, { method })).status]).toEqual([
            method,
            path,
            404,
          ]);
    });
  });
});
