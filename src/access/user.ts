import { parseHash } from './password.js';
import { isRole, ROLES, type Role } from './permissions.js';

/** Somebody who signs in with a password. */
export interface User {
  name: string;
  role: Role;
  /** Of the password. */
  hash: string;
}

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$/u;

/** As it is compared; undefined where it can be nobody's name. */
export function toUserName(text: string): string | undefined {
  const name = text.trim().normalize('NFKC');
  return NAME.test(name) ? name : undefined;
}

/**
 * A user from a line `name:role:hash`.
 * @throws Error with what is wrong, without the hash.
 */
export function parseUser(line: string): User {
  const [name = '', role = '', hash = '', ...more] = line.split(':').map((part) => part.trim());
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
    throw new Error(`has for ${name} what ${(error as Error).message}`, { cause: error });
  }
  return { name, role, hash };
}

export function printUser({ name, role, hash }: User): string {
  return `${name}:${role}:${hash}`;
}
