import type { Request } from 'express';
import { PERMISSION_NAMES, type Permission, type Role } from './permissions.js';

/** Identity behind a session or token. Its permissions are determined anew for each request. */
export type Identity = UserIdentity | OidcIdentity | EmergencyIdentity;

export interface UserIdentity {
  kind: 'user';
  name: string;
  /** Id of the account. A later user with the same name has another one. */
  id: string;
}

export interface OidcIdentity {
  kind: 'oidc';
  /** Display name from the provider. The role depends on the other fields. */
  name: string;
  subject: string;
  /** Issuer of the subject. The same subject of another issuer is another person. */
  issuer?: string;
  /** Present only if the provider has verified it. */
  email?: string;
  /** Role from the provider's claim at the time of the login. */
  claimed?: Role;
}

/** Break-glass login: belongs to no account, admin until it ends. */
export interface EmergencyIdentity {
  kind: 'emergency';
  /** Name shown in every audit entry; contains "BREAK GLASS". */
  name: string;
  /** System account that created the code. */
  by: string;
  reason: string;
  /** End of the login, ms since 1970. Use does not extend it. */
  until: number;
}

/** How the principal was authenticated: not at all, on an instance without users, by session, by API token. */
export type Via = 'nobody' | 'open' | 'session' | 'token';

/** Principal of a request. */
export interface Principal {
  via: Via;
  name: string;
  role?: Role;
  permissions: ReadonlySet<Permission>;
  identity?: Identity;
  /** CSRF token, required with every write of a session. */
  csrf?: string;
  /** Public id of the session in lists. */
  sessionId?: string;
  /** True if Redis is unavailable and the session comes from the cache. Allows reads only. */
  isStale?: boolean;
}

export const ANONYMOUS: Principal = { via: 'nobody', name: '', permissions: new Set() };

export const LOCAL_ADMIN: Principal = {
  via: 'open',
  name: 'anyone on this machine',
  role: 'admin',
  permissions: new Set(PERMISSION_NAMES),
};

declare module 'express-serve-static-core' {
  interface Request {
    /** Set by AuthenticationMiddleware before any other handler. */
    principal?: Principal;
    /** Permission that the route requires. Set by the guard. */
    permission?: Permission;
    /** Checks the session again, for streams that outlive their request. */
    isSessionValid?: () => Promise<boolean>;
    /** Subscribes to changes that may end the session. Returns the unsubscribe function. */
    onAccessChange?: (listener: () => void) => () => void;
    /** Details that the audit cannot derive itself. A request with this field is audited whatever its method. */
    audit?: { who?: string; targets?: string[] };
  }
}

/** Request whose principal is known. Passed explicitly: an AsyncLocalStorage slows every promise of the process. */
export type Authenticated = Pick<Request, 'principal'>;

/** Idempotency key with its owner. */
export interface OwnedKey {
  text: string;
  /** Empty for an unnamed principal. */
  owner: string;
}

/**
 * Returns a key of the principal. Keys are private to their owner, so that no key reveals another user's tasks. Tokens
 * of a person share their keys.
 */
export function ownedKey({ principal }: Authenticated, text: string): OwnedKey {
  return { text, owner: principal?.identity ? ownerOf(principal.identity) : '' };
}

function ownerOf(identity: Identity): string {
  if (identity.kind === 'emergency') return `emergency:${identity.by}:${identity.until}`;
  return identity.kind === 'user' ? `user:${identity.id}` : `oidc:${identity.issuer}:${identity.subject}`;
}

/** Returns the key as it is stored and compared. */
export function withOwner({ text, owner }: OwnedKey): string {
  return owner === '' ? text : `${owner}\n${text}`;
}

export function isSamePerson(a: Identity, b: Identity): boolean {
  if (a.kind === 'oidc') return b.kind === 'oidc' && a.subject === b.subject && a.issuer === b.issuer;
  if (a.kind === 'emergency') return b.kind === 'emergency' && a.by === b.by && a.until === b.until;
  return b.kind === 'user' && a.name === b.name && a.id === b.id;
}

/** Returns the name to record with an action, or `otherwise` for an unnamed principal. */
export function actor({ principal }: Authenticated, otherwise: string): string {
  return principal && (principal.via === 'session' || principal.via === 'token') ? principal.name : otherwise;
}
