import { describe, expect, it, jest } from '@jest/globals';
import type { Request, Response } from 'express';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AllowedMethods, type RouterLayer } from '../../../src/http/allowed-methods.js';

const layer = (method: string, path: string): RouterLayer => ({
  route: { path, methods: { [method]: true } },
});
const LAYERS: RouterLayer[] = [
  {},
  layer('post', '/tasks/bulk'),
  layer('get', '/tasks'),
  layer('post', '/tasks'),
  layer('get', '/tasks/:id'),
  layer('delete', '/tasks/:id'),
  layer('post', '/tasks/:id/cancel'),
  layer('get', '/tasks/bulk/:id'),
  layer('get', '/'),
  layer('_all', '/any'),
  layer('get', '/files/*path'),
];

/** `passes`, or the status with what Allow says. */
function answer(method: string, path: string, folder = '/nowhere'): string {
  const methods = new AllowedMethods(() => LAYERS, [{ prefix: '/assets', folder }]);
  const res = { setHeader: jest.fn(), status: jest.fn(() => res), end: jest.fn() };
  const next = jest.fn();
  methods.middleware({ method, path } as Request, res as unknown as Response, next);
  const allow = res.setHeader.mock.calls.map(([name, value]) => `${String(name)}: ${String(value)}`).join();
  if (res.end.mock.calls.length > 0)
    return `${String((res.status.mock.calls as unknown[][])[0]![0])} ${allow}`;
  const error = next.mock.calls[0]![0] as { code: string } | undefined;
  return error ? `${error.code} ${allow}` : 'passes';
}

describe('which methods an address takes', () => {
  it.each([
    ['GET', '/tasks'],
    ['HEAD', '/tasks'],
    ['POST', '/tasks'],
    ['DELETE', '/tasks/abc'],
    ['POST', '/Tasks/abc/CANCEL/'],
    // Read as an id: it is not spelled as the other address.
    ['GET', '/tasks/%62ulk'],
    ['GET', '/tasks/bulk/abc'],
    ['PATCH', '/any'],
    ['DELETE', '/nowhere'],
    ['DELETE', '/tasks//'],
    ['DELETE', '/tasks/a/b/c'],
    ['DELETE', '/__proto__/constructor'],
    ['DELETE', '/files/a'],
  ])('%s %s goes on, to the routes or to where there is nothing', (method, path) => {
    expect(answer(method, path)).toBe('passes');
  });

  it.each([
    ['PUT', '/tasks', 'GET, HEAD, POST, OPTIONS'],
    ['PUT', '/TASKS/', 'GET, HEAD, POST, OPTIONS'],
    ['POST', '/', 'GET, HEAD, OPTIONS'],
    ['POST', '/tasks/abc', 'GET, HEAD, DELETE, OPTIONS'],
    ['GET', '/tasks/abc/cancel', 'POST, OPTIONS'],
    ['HEAD', '/tasks/abc/cancel', 'POST, OPTIONS'],
    ['TRACE', '/tasks/abc', 'GET, HEAD, DELETE, OPTIONS'],
    // The most specific pattern says what an address is, though another one takes GET.
    ['GET', '/tasks/bulk', 'POST, OPTIONS'],
    ['POST', '/tasks/bulk/cancel', 'GET, HEAD, OPTIONS'],
  ])('%s %s is refused, and told %s', (method, path, allow) => {
    expect(answer(method, path)).toBe(`METHOD_NOT_ALLOWED Allow: ${allow}`);
  });

  it.each([
    ['/tasks/abc', 'GET, HEAD, DELETE, OPTIONS'],
    ['/any', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
    ['*', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
  ])('OPTIONS %s tells %s', (path, allow) => {
    expect(answer('OPTIONS', path)).toBe(`204 Allow: ${allow}`);
  });

  it('knows the files beside the routes, and nothing outside their folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'roost-files-'));
    mkdirSync(join(folder, 'public/vendor'), { recursive: true });
    for (const file of ['secret.css', 'public/base.css', 'public/.hidden', 'public/vendor/a.js'])
      writeFileSync(join(folder, file), '');
    const ask = (method: string, path: string) => answer(method, path, join(folder, 'public'));
    expect(ask('POST', '/assets/base.css')).toBe('METHOD_NOT_ALLOWED Allow: GET, HEAD, OPTIONS');
    expect(ask('OPTIONS', '/assets/vendor/a.js')).toBe('204 Allow: GET, HEAD, OPTIONS');
    for (const path of ['no.css', 'vendor', 'vendor/', '.hidden', '../secret.css', '%2e%2e/secret.css', ''])
      expect([path, ask('POST', `/assets/${path}`)]).toEqual([path, 'passes']);
    expect(ask('GET', '/assets/base.css')).toBe('passes');
  });
});
