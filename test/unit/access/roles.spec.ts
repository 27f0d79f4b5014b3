import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Settings } from '../../../src/config/settings.js';
import { claimedRole, Roles } from '../../../src/access/roles.js';
import { toIdentity } from '../../../src/access/oidc.js';

const settings = Object.assign(new Settings(), {
  OIDC_ISSUER: 'https://login.example.org',
  OIDC_ADMINS: ['me@corp.com', 'sub:the-subject'],
  OIDC_VIEWERS: ['Viewer@Corp.com'],
});
const nobody = { find: () => undefined };
const roles = new Roles(nobody, settings);
const byMail = (email: string) => roles.of(toIdentity('x', { email, email_verified: true }, ''));

describe('Roles of a provider’s users', () => {
  it('are those of the lists, letters A to Z in any case', () => {
    expect(byMail('me@corp.com')).toBe('admin');
    expect(byMail('ME@corp.COM')).toBe('admin');
    expect(byMail('viewer@corp.com')).toBe('viewer');
    expect(roles.of({ kind: 'oidc', name: '', subject: 'the-subject' })).toBe('admin');
  });

  it('are given to no other address, whatever is put before, behind or into it', () => {
    expect(byMail('me@corp.com.evil.example')).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(11), (before, behind, at) => {
        const email = 'me@corp.com';
        const changed = [before + email, email + behind, email.slice(0, at) + before + email.slice(at)];
        for (const one of changed.filter((text) => text.toLowerCase() !== email))
          expect(byMail(one)).toBeUndefined();
      }),
    );
  });

  it('are given to no address that is not verified, and to no subject like an address', () => {
    for (const email_verified of [false, 'true', 1, null, undefined])
      expect(roles.of(toIdentity('x', { email: 'me@corp.com', email_verified }, ''))).toBeUndefined();
    expect(roles.of({ kind: 'oidc', name: 'me@corp.com', subject: 'me@corp.com' })).toBeUndefined();
    expect(roles.of({ kind: 'oidc', name: '', subject: 'THE-SUBJECT' })).toBeUndefined();
    expect(byMail('sub:the-subject')).toBeUndefined();
  });

  it('are no more when the provider is no more', () => {
    const without = new Roles(nobody, Object.assign(new Settings(), { ...settings, OIDC_ISSUER: '' }));
    expect(without.of({ kind: 'oidc', name: '', subject: 'the-subject', claimed: 'admin' })).toBeUndefined();
  });

  it.each([
    ['admin', 'admin'],
    [['viewer', 'operator', 'x'], 'operator'],
    ['Admin', undefined],
    ['admin operator', undefined],
    [{ admin: true }, undefined],
    [true, undefined],
    [undefined, undefined],
  ])('of a claim %j is %s', (claim, role) => expect(claimedRole(claim)).toBe(role));
});
