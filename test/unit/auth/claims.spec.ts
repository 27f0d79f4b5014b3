import { describe, expect, it } from '@jest/globals';
import { claimAt, emailIn, roleOfClaim } from '../../../src/auth/claims.js';
import { parseRoleMap } from '../../../src/platform/config/role-map.js';

const WORDS = parseRoleMap('');
const GROUPS = parseRoleMap('platform=admin, devs = operator,Read Only=viewer,42=viewer');

describe('claims of a provider', () => {
  const claims = JSON.parse(`{
    "groups": ["a"], "empty": null, "realm_access": { "roles": ["b"] },
    "https://example.org/roles": ["c"], "resource_access": { "my.client": { "roles": ["d"] }, "my": { "client": 1 } },
    "a.b": { "c": "e" }, "a": { "b": { "c": "f", "d": "g" } }, "__proto__": { "roles": ["own"] }
  }`) as Record<string, unknown>;

  it.each<[path: string, value: unknown]>([
    ['groups', ['a']],
    ['realm_access.roles', ['b']],
    ['https://example.org/roles', ['c']],
    ['resource_access.my.client.roles', ['d']],
    // The longest name that is there goes first; where it leads nowhere, the next.
    ['a.b.c', 'e'],
    ['a.b.d', 'g'],
    ['empty', null],
    ['nope', undefined],
    ['groups.0', undefined],
    ['groups.length', undefined],
    ['realm_access.roles.x', undefined],
    ['constructor', undefined],
    ['realm_access.constructor.name', undefined],
    ['realm_access.__proto__', undefined],
    ['__proto__.roles', ['own']],
  ])('has %s: %j', (path, value) => expect(claimAt(claims, path)).toEqual(value));

  it.each<[claim: unknown, role: string]>([
    ['admin', 'admin'],
    ['viewer operator', 'operator'],
    [['viewer', 'operator', 'x'], 'operator'],
    [['office admin'], 'no match'],
    ['Admin', 'no match'],
    ['', 'no match'],
    [[], 'no match'],
    [[['admin'], { admin: true }, null], 'no match'],
    [['__proto__', 'constructor', 'toString'], 'no match'],
    [{ admin: true }, 'neither text nor list'],
    [true, 'neither text nor list'],
    [1.5, 'neither text nor list'],
    [null, 'missing'],
    [undefined, 'missing'],
  ])('%j says %s by itself', (claim, role) => expect(roleOfClaim(claim, WORDS)).toBe(role));

  it.each<[claim: unknown, role: string]>([
    [['devs', 'platform', 'Read Only'], 'admin'],
    ['Read Only', 'viewer'],
    ['devs others', 'operator'],
    [42, 'viewer'],
    [[42, 'x'], 'viewer'],
    // A group of the provider that has the name of a role is nobody's role.
    [['admin', 'operator'], 'no match'],
    [['__proto__', 'constructor', 'hasOwnProperty', 'DEVS', ' devs'], 'no match'],
  ])('%j with a map says %s', (claim, role) => expect(roleOfClaim(claim, GROUPS)).toBe(role));

  it.each<[sources: Record<string, unknown>[], verified: string | undefined]>([
    [[{ email: 'a@b.c', email_verified: true }], 'yes'],
    [[{ email: 'a@b.c', email_verified: 'true' }], 'yes'],
    [[{ email: 'a@b.c', email_verified: 'True' }], 'yes'],
    [[{ email: 'a@b.c', email_verified: false }], 'no'],
    [[{ email: 'a@b.c', email_verified: 'false' }], 'no'],
    [[{ email: 'a@b.c', email_verified: 'yes' }], 'no'],
    [[{ email: 'a@b.c', email_verified: 1 }], 'no'],
    [[{ email: 'a@b.c' }], 'unknown'],
    [[{ email: 'a@b.c', email_verified: null }], 'unknown'],
    [[{ email: 'a@b.c' }, { email: 'a@b.c', email_verified: true }], 'yes'],
    // Another address verified proves nothing about this one.
    [[{ email: 'a@b.c' }, { email: 'x@b.c', email_verified: true }], 'unknown'],
    [[{ email: 'a@b.c' }, { email_verified: true }], 'unknown'],
    [
      [
        { email: 'a@b.c', email_verified: false },
        { email: 'a@b.c', email_verified: true },
      ],
      'no',
    ],
    [[{}, { email: 'a@b.c', email_verified: true }], 'yes'],
    [[{ email: 1, email_verified: true }], undefined],
  ])('%j: the address is verified: %s', (sources, verified) =>
    expect(emailIn(sources)?.verified).toBe(verified),
  );
});

describe('the map from groups to roles', () => {
  it('is a list, or JSON for names that would break one', () => {
    expect([...parseRoleMap('a=admin, b c =viewer')]).toEqual([
      ['a', 'admin'],
      ['b c', 'viewer'],
    ]);
    expect([...parseRoleMap('{"CN=Ops,DC=x": "operator", "__proto__": "viewer"}')]).toEqual([
      ['CN=Ops,DC=x', 'operator'],
      ['__proto__', 'viewer'],
    ]);
  });

  it.each<[text: string, problem: RegExp]>([
    ['a', /such as platform-team=admin/],
    ['a=admin,', /such as platform-team=admin/],
    ['CN=Ops,DC=x=operator', /JSON such as/],
    ['a=amdin', /"amdin" is no role; did you mean admin\?/],
    ['a=root', /one of the roles is none of: viewer, operator, admin/],
    ['=admin', /a role needs a group/],
    ['a=admin,a=viewer', /a group is there twice/],
    ['{"a": "admin", "a": "viewer"}', /a group is there twice/],
    ['{"a": ["admin"]}', /one of the roles is none of/],
    ['{"a": "admin"', /must be whole JSON where it begins with \{/],
    ['{}', /such as platform-team=admin/],
  ])('refuses %s', (text, problem) => expect(() => parseRoleMap(text)).toThrow(problem));
});
