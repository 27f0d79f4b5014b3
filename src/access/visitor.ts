import { AsyncLocalStorage } from 'node:async_hooks';
import { PERMISSION_NAMES, type Permission, type Role } from './permissions.js';

/** Whom a session or a token stands for. What they may do is looked up with it anew for each request. */
export type Identity =
  | { kind: 'user'; name: string }
  | {
      kind: 'oidc';
      /** What the provider calls them, for people to read; the role goes by the others. */
      name: string;
      subject: string;
      /** Only where the provider says that it is verified. */
      email?: string;
      /** The role that the provider gave, at the time of the login. */
      claimed?: Role;
    };

/** How somebody got in: not at all, without a door, by login, by API token. */
export type Via = 'nobody' | 'open' | 'session' | 'token';

/** Who asks. */
export interface Visitor {
  via: Via;
  name: string;
  role?: Role;
  permissions: ReadonlySet<Permission>;
  identity?: Identity;
  /** Has to come back with every write of a session. */
  csrf?: string;
  /** Redis is away, and with it the word on whether this still holds: enough to read by. */
  isRemembered?: boolean;
}

export const NOBODY: Visitor = { via: 'nobody', name: '', permissions: new Set() };

export const ANYONE: Visitor = {
  via: 'open',
  name: 'anyone on this machine',
  role: 'admin',
  permissions: new Set(PERMISSION_NAMES),
};

declare module 'express-serve-static-core' {
  interface Request {
    /** Set by the gate before anything else has the request. */
    visitor?: Visitor;
    /** What the route asked for, once the guard has seen it. */
    permission?: Permission;
    /** For streams, which outlive the request they came with: asks anew. */
    isStillIn?: () => Promise<boolean>;
    /** What the audit could not tell by itself; with it a request is in there whatever its method. */
    audit?: { who?: string; targets?: string[] };
  }
}

const here = new AsyncLocalStorage<Visitor>();

/** Runs what is done for a visitor, so that `actor` knows them wherever it is asked. */
export function asVisitor<T>(visitor: Visitor, work: () => T): T {
  return here.run(visitor, work);
}

export function currentVisitor(): Visitor | undefined {
  return here.getStore();
}

/** Who acts, as it is kept beside what was done; `otherwise` where nobody has a name. */
export function actor(otherwise: string): string {
  const visitor = here.getStore();
  return visitor && (visitor.via === 'session' || visitor.via === 'token') ? visitor.name : otherwise;
}
