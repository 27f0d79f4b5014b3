import { randomBytes } from 'node:crypto';
import { parseHash } from './password.js';
import { isRole, ROLES, type Role } from './permissions.js';
import { digest } from './secrets.js';

/** User that signs in with a password. */
export interface User {
  name: string;
  role: Role;
  /** Hash of the password. */
  hash: string;
  /** Id of the account. Never reused, so tokens and sessions of a removed user stay invalid. */
  id: string;
}

const ID = /^[0-9a-f]{16}$/;

export function newUserId(): string {
  return randomBytes(8).toString('hex');
}

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$/u;

/** Normalizes a name for comparison. Returns undefined if it is not a valid name. */
export function toUserName(text: string): string | undefined {
  const name = text.trim().normalize('NFKC');
  return NAME.test(name) ? name : undefined;
}

/**
 * Parses a line `name:role:hash:id`. Without an id it is derived from name and hash, and changes with the password.
 * @throws Error with the problem, without the hash.
 */
export function parseUser(line: string): User {
  const [name = '', role = '', hash = '', id, ...more] = line.split(':').map((part) => part.trim());
  if (!hash || more.length > 0) throw new Error('must be name:role:hash; `npm run user -- hash` makes one');
  if (toUserName(name) !== name) {
    throw new Error(
      `has a name that is not right, ${JSON.stringify(name.slice(0, 64))}: letters, digits and ._@+- only`,
    );
  }
  if (!isRole(role)) throw new Error(`gives ${name} an unknown role; there are: ${ROLES.join(', ')}`);
  try {
    parseHash(hash);
  } catch (error) {
    throw new Error(`has for ${name} a value that ${(error as Error).message}`, { cause: error });
  }
  if (id !== undefined && !ID.test(id))
    throw new Error(`gives ${name} an invalid id: it must be 16 characters of 0-9a-f`);
  return { name, role, hash, id: id ?? digest(`${name}:${hash}`).slice(0, 16) };
}

export function printUser({ name, role, hash, id }: User): string {
  return `${name}:${role}:${hash}:${id}`;
}
