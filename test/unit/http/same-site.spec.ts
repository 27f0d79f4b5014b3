import { describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import { sameSite } from '../../../src/http/same-site.js';

function refuses(method: string, headers: Record<string, string>): boolean {
  let error: unknown = 'not answered';
  sameSite(
    { method, headers: { host: 'roost.example', ...headers } } as unknown as Request,
    {} as Response,
    (given) => {
      error = given;
    },
  );
  if (error !== undefined) expect(error).toMatchObject({ code: 'CROSS_SITE' });
  return error !== undefined;
}

const from = (site: string, mode = 'navigate', dest = 'document') => ({
  ...{ 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest },
});

describe('what a browser asks for', () => {
  it.each([
    ['a link of another site', 'GET', from('cross-site')],
    ['a bookmark', 'GET', from('none')],
    ['a call of our page', 'GET', from('same-origin', 'cors', 'empty')],
    ['events of our page', 'GET', from('same-origin', 'cors', 'empty')],
    ['an image of a neighbour', 'GET', from('same-site', 'no-cors', 'image')],
    ['a program', 'GET', {}],
    ['a form of ours', 'POST', from('same-origin')],
    ['a program that writes', 'POST', {}],
    ['an old browser', 'POST', { origin: 'https://roost.example' }],
  ])('is answered for %s', (_what, method, headers) => expect(refuses(method, headers)).toBe(false));

  it.each([
    ['an image', 'GET', from('cross-site', 'no-cors', 'image')],
    ['a frame', 'GET', from('cross-site', 'navigate', 'iframe')],
    ['an object', 'GET', from('cross-site', 'navigate', 'object')],
    ['a call', 'GET', from('cross-site', 'cors', 'empty')],
    ['a question before a call', 'OPTIONS', from('cross-site', 'cors', 'empty')],
    ['a look at the head', 'HEAD', from('cross-site', 'no-cors', 'empty')],
    ['a form', 'POST', from('cross-site')],
    ['a form of a neighbour', 'POST', from('same-site')],
    ['a form in an old browser', 'POST', { origin: 'https://evil.example' }],
    ['a form of nowhere in an old browser', 'POST', { origin: 'null' }],
    ['a deletion', 'DELETE', from('cross-site', 'cors', 'empty')],
  ])('is refused for %s of another site', (_what, method, headers) =>
    expect(refuses(method, headers)).toBe(true),
  );
});
