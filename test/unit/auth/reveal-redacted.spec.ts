import { expect, it } from '@jest/globals';
import type { Request } from 'express';
import { revealing } from '../../../src/auth/reveal-redacted.js';
import { LOCAL_ADMIN } from '../../../src/auth/principal.js';

it.each([
  [{}, true],
  [{ 'sec-fetch-site': 'same-origin' }, true],
  [{ 'sec-fetch-site': 'none' }, false],
  [{ 'sec-fetch-site': 'cross-site' }, false],
  [{ referer: 'http://127.0.0.1:5000/tasks/1' }, true],
  [{ referer: 'http://evil.example/' }, false],
  [{ referer: 'no address' }, false],
])('hidden values are shown to a request with %j: %s', (headers, isShown) => {
  const req = {
    headers: { host: '127.0.0.1:5000', ...headers },
    principal: LOCAL_ADMIN,
  } as unknown as Request;
  const show = () => revealing(req, true, () => 'the value');
  if (isShown) expect(show()).toBe('the value');
  else expect(show).toThrow(expect.objectContaining({ code: 'CROSS_SITE' }));
  // The audit has the attempt as well.
  expect(req.permission).toBe('secrets.reveal');
});
