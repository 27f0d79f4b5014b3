import type { Emergency } from './emergency.js';
import type { LoginState } from './login-state.js';
import { factsOf, type Permission } from './permissions.js';
import { maskToken } from './secrets.js';
import type { Principal } from './principal.js';

/** Access of the principal as the views see it: `access` in every view. */
export interface AccessView {
  name: string;
  role?: string;
  isSignedIn: boolean;
  /** True while no user exists: everyone on this machine may do everything. */
  isOpen: boolean;
  isReadOnly: boolean;
  /** The active break-glass login, shown to every principal. */
  emergency?: Emergency;
  /** CSRF token, required in every form. Masked differently in every page. */
  csrf?: string;
  /** Permissions whose actions the page may offer. */
  may: ReadonlySet<Permission>;
  /** Available sign-in methods. */
  ways: { hasPasswords: boolean; provider?: string };
}

export function toAccessView(
  { via, name, role, permissions, csrf }: Principal,
  loginState: LoginState,
  isReadOnly: boolean,
  emergency?: Emergency,
): AccessView {
  return {
    name,
    role,
    isSignedIn: via === 'session',
    isOpen: via === 'open',
    isReadOnly,
    emergency,
    csrf: csrf && maskToken(csrf),
    may: isReadOnly
      ? new Set([...permissions].filter((permission) => !factsOf(permission).writes))
      : permissions,
    ways: loginState.ways,
  };
}
