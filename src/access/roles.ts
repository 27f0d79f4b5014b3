import type { Settings } from '../config/settings.js';
import { highest, isRole, ROLES, type Role } from './permissions.js';
import type { Identity } from './visitor.js';
import type { Users } from './users.js';

/** Says which role somebody has now: asked for every request, so that who is taken off a list is out at once. */
export class Roles {
  private readonly lists: readonly [Role, ReadonlySet<string>][];

  constructor(
    private readonly users: Pick<Users, 'find'>,
    {
      OIDC_ISSUER,
      OIDC_VIEWERS,
      OIDC_OPERATORS,
      OIDC_ADMINS,
    }: Pick<Settings, 'OIDC_ISSUER' | 'OIDC_VIEWERS' | 'OIDC_OPERATORS' | 'OIDC_ADMINS'>,
  ) {
    const people = { viewer: OIDC_VIEWERS, operator: OIDC_OPERATORS, admin: OIDC_ADMINS };
    // Without a provider no list of its users means anything.
    this.lists = OIDC_ISSUER ? ROLES.map((role) => [role, new Set(people[role].map(toEntry))]) : [];
  }

  of(identity: Identity): Role | undefined {
    if (identity.kind === 'user') return this.users.find(identity.name)?.role;
    if (this.lists.length === 0) return undefined;
    const { subject, email, claimed } = identity;
    const entries = [`sub:${subject}`, ...(email === undefined ? [] : [mailEntry(email)])];
    const listed = this.lists.filter(([, people]) => entries.some((entry) => people.has(entry)));
    return highest([...listed.map(([role]) => role), ...(claimed ? [claimed] : [])]);
  }
}

/** Subjects and addresses apart: what a provider calls an address must not be taken for a subject. */
function toEntry(person: string): string {
  return person.startsWith('sub:') ? person : mailEntry(person);
}

/** Addresses are one in A and a, and in nothing else: `toLowerCase` would also make a k of the Kelvin sign. */
function mailEntry(email: string): string {
  return `mail:${email.replace(/[A-Z]/g, (letter) => letter.toLowerCase())}`;
}

/** The role in a claim of the provider: one of our words, or a list with some of them. */
export function claimedRole(claim: unknown): Role | undefined {
  return highest((Array.isArray(claim) ? claim : [claim]).filter(isRole));
}
