import { ROLES, type Role } from '../model/roles.js';

export { isRole, ROLES, type Role } from '../model/roles.js';

interface PermissionFacts {
  /** Description for the pages. */
  what: string;
  /** Lowest role with the permission. Higher roles have it too. */
  from: Role;
  /** Whether it changes state. Unavailable while the instance is read-only. */
  writes?: true;
  /** Whether its use is audited although it changes nothing. */
  audited?: true;
  /** Whether only users may have it, never tokens. */
  peopleOnly?: true;
}

/** Table of all permissions. A test checks that docs/security.md matches it. */
export const PERMISSIONS = {
  'tasks.read': { what: 'See tasks, queues, workers, limits, errors and Redis', from: 'viewer' },
  'metrics.read': { what: 'Read the metrics', from: 'viewer' },
  'tasks.export': { what: 'Export lists of tasks as a file', from: 'viewer', audited: true },
  'tasks.submit': { what: 'Submit tasks', from: 'operator', writes: true },
  'tasks.act': { what: 'Cancel, retry, promote and delete single tasks', from: 'operator', writes: true },
  'tasks.bulk': { what: 'Act on many tasks at once', from: 'operator', writes: true },
  'queues.control': { what: 'Pause, limit, drain and clean queues', from: 'operator', writes: true },
  'workers.control': { what: 'Pause, resize and stop workers', from: 'operator', writes: true },
  'limits.set': { what: 'Set limits of task types', from: 'operator', writes: true },
  'errors.mark': { what: 'Resolve and ignore groups of errors', from: 'operator', writes: true },
  'searches.save': { what: 'Save searches', from: 'operator', writes: true },
  'sessions.end': { what: 'See and end own logins', from: 'viewer', peopleOnly: true },
  'factor.set': { what: 'Set up an own second factor', from: 'viewer', peopleOnly: true },
  'tokens.make': {
    what: 'Create and revoke own API tokens',
    from: 'operator',
    writes: true,
    peopleOnly: true,
  },
  'tokens.manage': {
    what: 'See and revoke the API tokens of all users',
    from: 'admin',
    writes: true,
    peopleOnly: true,
  },
  'users.manage': {
    what: 'See and end the logins of all users',
    from: 'admin',
    writes: true,
    peopleOnly: true,
  },
  'secrets.reveal': { what: 'Show values that REDACT hides', from: 'admin', audited: true },
  'audit.read': { what: 'Read the audit', from: 'admin' },
} as const satisfies Record<string, PermissionFacts>;

export type Permission = keyof typeof PERMISSIONS;
export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as Permission[];

const FACTS: Record<Permission, PermissionFacts> = PERMISSIONS;

const BY_ROLE: Record<Role, ReadonlySet<Permission>> = {
  viewer: upTo('viewer'),
  operator: upTo('operator'),
  admin: upTo('admin'),
};

function upTo(role: Role): ReadonlySet<Permission> {
  return new Set(PERMISSION_NAMES.filter((name) => ROLES.indexOf(FACTS[name].from) <= ROLES.indexOf(role)));
}

export function permissionsOf(role: Role): ReadonlySet<Permission> {
  return BY_ROLE[role];
}

export function factsOf(permission: Permission): PermissionFacts {
  return FACTS[permission];
}

export function isPermission(text: string): text is Permission {
  return Object.hasOwn(PERMISSIONS, text);
}

/** Returns the highest role. */
export function highest(roles: readonly Role[]): Role | undefined {
  return ROLES.findLast((role) => roles.includes(role));
}
