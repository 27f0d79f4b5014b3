import { describe, expect, it } from '@jest/globals';
import { authorize, isCsrfToken } from '../../../src/auth/authorize.js';
import { checkOpenRequest, isLoopback } from '../../../src/auth/check-bind-address.js';
import { toNetwork } from '../../../src/auth/client-network.js';
import { isPermission, PERMISSION_NAMES, permissionsOf, ROLES } from '../../../src/auth/permissions.js';
import { isPublicPath } from '../../../src/auth/public-paths.js';
import { csrfToken, maskToken, newSecret } from '../../../src/auth/secrets.js';
import { ConcurrencyLimiter } from '../../../src/platform/concurrency-limiter.js';
import { LOCAL_ADMIN, ANONYMOUS, type Principal } from '../../../src/auth/principal.js';

describe('roles', () => {
  it('have each what the one below has, and more', () => {
    for (const [i, role] of ROLES.entries()) {
      if (i === 0) continue;
      const below = permissionsOf(ROLES[i - 1]!);
      expect([...below].every((one) => permissionsOf(role).has(one))).toBe(true);
      expect(permissionsOf(role).size).toBeGreaterThan(below.size);
    }
    expect(permissionsOf('admin').size).toBe(PERMISSION_NAMES.length);
    expect(isPermission('constructor')).toBe(false);
  });
});

describe('the token against cross-site requests', () => {
  const token = csrfToken(newSecret());

  it('is another text in every page, and right in each', () => {
    const masked = Array.from({ length: 20 }, () => maskToken(token));
    expect(new Set(masked).size).toBe(20);
    for (const one of [token, ...masked]) expect(isCsrfToken(one, token)).toBe(true);
    // No letter stays in its place often enough to be told from the length of a page.
    for (const part of [masked.map((one) => one.slice(0, 8)), masked.map((one) => one.slice(-8))])
      expect(new Set(part).size).toBe(20);
  });

  it('is not that of another login, nor any other text', () => {
    const other = csrfToken(newSecret());
    const masked = maskToken(token);
    const changed = masked.slice(0, -2) + (masked.at(-2) === 'A' ? 'B' : 'A') + masked.at(-1);
    for (const wrong of [
      other,
      maskToken(other),
      changed,
      masked.slice(1),
      'A'.repeat(86),
      '',
      [token],
      null,
    ])
      expect(isCsrfToken(wrong, token)).toBe(false);
    expect(isCsrfToken(masked, undefined)).toBe(false);
  });
});

describe('decide', () => {
  const session: Principal = {
    via: 'session',
    name: 'ada',
    permissions: permissionsOf('admin'),
    csrf: 'right',
  };
  const write = { method: 'POST', csrf: undefined as unknown, readOnly: false };
  const need = { permission: 'tasks.act' } as const;
  const code = (work: () => void) => {
    try {
      work();
      return 'in';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('is no where nothing is said, even to an admin', () => {
    expect(code(() => authorize(LOCAL_ADMIN, undefined, { ...write, method: 'GET' }))).toBe('FORBIDDEN');
  });

  it.each([
    [ANONYMOUS, 'public', write, 'in'],
    [ANONYMOUS, 'signed-in', write, 'UNAUTHENTICATED'],
    [ANONYMOUS, need, write, 'UNAUTHENTICATED'],
    [LOCAL_ADMIN, need, write, 'in'],
    [LOCAL_ADMIN, need, { ...write, readOnly: true }, 'READ_ONLY'],
    [LOCAL_ADMIN, { permission: 'tasks.read' }, { ...write, method: 'HEAD', readOnly: true }, 'in'],
    [LOCAL_ADMIN, { permission: 'tasks.read' }, { ...write, readOnly: true }, 'READ_ONLY'],
    [LOCAL_ADMIN, need, { ...write, method: 'GET', readOnly: true }, 'READ_ONLY'],
    [session, need, write, 'CSRF_TOKEN_INVALID'],
    [session, need, { ...write, csrf: 'wrong' }, 'CSRF_TOKEN_INVALID'],
    [session, need, { ...write, csrf: ['right'] }, 'CSRF_TOKEN_INVALID'],
    [session, need, { ...write, csrf: 'right' }, 'in'],
    [session, 'public', write, 'CSRF_TOKEN_INVALID'],
    [{ ...session, csrf: undefined }, need, { ...write, csrf: undefined }, 'CSRF_TOKEN_INVALID'],
    [{ ...session, isStale: true }, need, { ...write, csrf: 'right' }, 'REDIS_UNAVAILABLE'],
    [{ ...session, isStale: true }, need, { ...write, method: 'GET' }, 'in'],
    [{ ...session, permissions: permissionsOf('viewer') }, need, { ...write, csrf: 'right' }, 'FORBIDDEN'],
    [{ ...session, via: 'token', csrf: undefined }, need, write, 'in'],
    [session, need, { ...write, method: 'PROPFIND' }, 'CSRF_TOKEN_INVALID'],
  ] as const)('%#: shows what it has to', (principal, asked, attempt, wanted) => {
    expect(code(() => authorize(principal as Principal, asked, attempt))).toBe(wanted);
  });
});

describe('this machine', () => {
  it.each(['127.0.0.1', '127.1.2.3', 'localhost', 'LOCALHOST', 'a.localhost', '::1', '[::1]'])(
    'is %s',
    (host) => expect(isLoopback(host)).toBe(true),
  );
  it.each([
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'xlocalhost',
    '',
    '128.0.0.1',
    '[::ffff:10.0.0.1]',
  ])('is not %s', (host) => expect(isLoopback(host)).toBe(false));
  it.each(['evil.example', 'localhost:5000@evil.example', 'localhost evil', undefined])(
    'is not called %s',
    (host) => expect(() => checkOpenRequest({ headers: { host } })).toThrow('no users'),
  );
});

describe('small parts', () => {
  it('knows what is public, in one spelling each', () => {
    for (const path of ['/login', '/logout', '/health/live', '/assets/base.css'])
      expect(isPublicPath(path)).toBe(true);
    for (const path of [
      '/',
      '/Login',
      '/login/',
      '//login',
      '/login;x',
      '/loginx',
      '/assets',
      '/healthy',
      '/api/docs',
    ])
      expect(isPublicPath(path)).toBe(false);
  });

  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('counts %s as %s', (address, network) => expect(toNetwork(address)).toBe(network));

  it('lets two at a time, the next ones in turn, and sends the rest away', async () => {
    const turns = new ConcurrencyLimiter(2, 1);
    const ends: (() => void)[] = [];
    const work = () => new Promise<void>((resolve) => ends.push(resolve));
    const all = [turns.run(work), turns.run(work), turns.run(work)];
    await expect(turns.run(work)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect(ends).toHaveLength(2);
    ends[0]!();
    await all[0];
    expect(ends).toHaveLength(3);
    ends[1]!();
    ends[2]!();
    await Promise.all(all);
    const last = turns.run(work);
    ends[3]!();
    await last;
  });
});
