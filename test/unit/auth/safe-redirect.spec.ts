import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { safeRedirect } from '../../../src/auth/safe-redirect.js';

describe('nextPage', () => {
  it.each(['/', '/tasks', '/tasks?q=state%3Afailed', '/monitor/queues/a%2Fb', '/loginx'])(
    'takes %s',
    (path) => {
      expect(safeRedirect(path)).toBe(path);
    },
  );

  it.each([
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    '/%2e//evil.example',
    'https:evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '//evil.example:80/\\@local',
    '/login',
    '/login/oidc?next=/x',
    '/logout',
    '',
    undefined,
    null,
    ['/tasks'],
    5,
  ])('makes the home page of %j', (given) => expect(safeRedirect(given)).toBe('/'));

  it('stays on this host, whatever it is given', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '%2e',
      '%2f',
      '%5c',
      '\t',
      '@',
      ':',
      '//',
      'evil.example',
      '?',
      '#',
      'https:',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const to = safeRedirect(`/${pieces.join('')}`);
        expect(new URL(to, 'http://roost.example').host).toBe('roost.example');
        expect(to).not.toMatch(/[\r\n]/);
      }),
      { numRuns: 2000 },
    );
  });
});
