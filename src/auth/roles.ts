import type { Settings } from '../platform/config/settings.js';
import { highest, ROLES, type Role } from './permissions.js';
import type { Identity } from './principal.js';
import type { Users } from './users.js';

/**
 * Determines the current role of an identity. Called for every request, so removal from a list takes effect at once.
 */
export class Roles {
  private readonly lists: readonly [Role, ReadonlySet<string>][];

  constructor(
    private readonly users: Pick<Users, 'find'>,
    private readonly settings: Pick<
      Settings,
      'OIDC_ISSUER' | 'OIDC_VIEWERS' | 'OIDC_OPERATORS' | 'OIDC_ADMINS'
    >,
  ) {
    const { OIDC_ISSUER, OIDC_VIEWERS, OIDC_OPERATORS, OIDC_ADMINS } = settings;
    const people = { viewer: OIDC_VIEWERS, operator: OIDC_OPERATORS, admin: OIDC_ADMINS };
    // Lists of OIDC users apply only with a provider.
    this.lists = OIDC_ISSUER ? ROLES.map((role) => [role, new Set(people[role].map(toEntry))]) : [];
  }

  find(identity: Identity): Role | undefined {
    if (identity.kind === 'user') {
      const user = this.users.find(identity.name);
      return user?.id === identity.id ? user.role : undefined;
    }
    if (identity.kind === 'emergency') return identity.until > Date.now() ? 'admin' : undefined;
    if (this.lists.length === 0 || identity.issuer !== this.settings.OIDC_ISSUER) return undefined;
    const { subject, email, claimed } = identity;
    const entries = [`sub:${subject}`, ...(email === undefined ? [] : [mailEntry(email)])];
    const listed = this.lists.filter(([, people]) => entries.some((entry) => people.has(entry)));
    return highest([...listed.map(([role]) => role), ...(claimed ? [claimed] : [])]);
  }
}

/** Separates subjects from addresses: an address from a provider must not match a subject. */
function toEntry(person: string): string {
  return person.startsWith('sub:') ? person : mailEntry(person);
}

/** Lowers ASCII letters only: `toLowerCase` would also turn the Kelvin sign into a k. */
function mailEntry(email: string): string {
  return `mail:${email.replace(/[A-Z]/g, (letter) => letter.toLowerCase())}`;
}
