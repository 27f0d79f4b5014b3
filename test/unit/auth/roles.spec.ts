import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Settings } from '../../../src/platform/config/settings.js';
import { Roles } from '../../../src/auth/roles.js';
import { toIdentity } from '../../../src/auth/oidc.js';

const settings = Object.assign(new Settings(), {
  OIDC_ISSUER: 'https://login.example.org',
  OIDC_ADMINS: ['me@corp.com', 'sub:the-subject'],
  OIDC_VIEWERS: ['Viewer@Corp.com'],
});
const nobody = { find: () => undefined };
const roles = new Roles(nobody, settings);
const issuer = settings.OIDC_ISSUER;
const byClaims = (claims: Record<string, unknown>, trustEmail = false) =>
  roles.find({ ...toIdentity('x', [claims], { claim: '', map: new Map(), trustEmail }).identity, issuer });
const byMail = (email: string) => byClaims({ email, email_verified: true });

describe('Roles of a provider’s users', () => {
  it('are those of the lists, letters A to Z in any case', () => {
    expect(byMail('me@corp.com')).toBe('admin');
    expect(byMail('ME@corp.COM')).toBe('admin');
    expect(byMail('viewer@corp.com')).toBe('viewer');
    expect(roles.find({ kind: 'oidc', name: '', subject: 'the-subject', issuer })).toBe('admin');
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
    for (const email_verified of [false, 'false', 1, null, undefined])
      expect(byClaims({ email: 'me@corp.com', email_verified })).toBeUndefined();
    expect(roles.find({ kind: 'oidc', name: 'me@corp.com', subject: 'me@corp.com', issuer })).toBeUndefined();
    expect(roles.find({ kind: 'oidc', name: '', subject: 'THE-SUBJECT', issuer })).toBeUndefined();
    expect(byMail('sub:the-subject')).toBeUndefined();
  });

  it('are not those of another provider, which may give the same subject to somebody else', () => {
    const subject = { kind: 'oidc', name: '', subject: 'the-subject' } as const;
    expect(roles.find({ ...subject, issuer: 'https://login.example.com' })).toBeUndefined();
    expect(roles.find(subject)).toBeUndefined();
  });

  it('are no more when the provider is no more', () => {
    const without = new Roles(nobody, Object.assign(new Settings(), { ...settings, OIDC_ISSUER: '' }));
    expect(
      without.find({ kind: 'oidc', name: '', subject: 'the-subject', claimed: 'admin' }),
    ).toBeUndefined();
  });

  it('are given to an address of which nothing is said only where that is trusted, and never to one that is not verified', () => {
    expect(byClaims({ email: 'me@corp.com', email_verified: 'true' })).toBe('admin');
    expect(byClaims({ email: 'me@corp.com' }, true)).toBe('admin');
    for (const email_verified of [false, 'false', 1])
      expect(byClaims({ email: 'me@corp.com', email_verified }, true)).toBeUndefined();
  });
});
