import type { Door } from './door.js';
import { factsOf, type Permission } from './permissions.js';
import type { Visitor } from './visitor.js';

/** What pages know of who looks at them: `access` in every view. */
export interface AccessView {
  name: string;
  role?: string;
  isSignedIn: boolean;
  /** There are no users: everyone on this machine may do everything. */
  isOpen: boolean;
  isReadOnly: boolean;
  /** Has to go into every form. */
  csrf?: string;
  /** What may be offered. */
  may: ReadonlySet<Permission>;
  /** How one can sign in. */
  ways: { hasPasswords: boolean; provider?: string };
}

export function toAccessView(
  { via, name, role, permissions, csrf }: Visitor,
  door: Door,
  isReadOnly: boolean,
): AccessView {
  return {
    name,
    role,
    isSignedIn: via === 'session',
    isOpen: via === 'open',
    isReadOnly,
    csrf,
    may: isReadOnly
      ? new Set([...permissions].filter((permission) => !factsOf(permission).writes))
      : permissions,
    ways: door.ways,
  };
}
