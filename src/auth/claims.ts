import { highest, isRole, type Role } from './permissions.js';

export type Claims = Record<string, unknown>;

/**
 * Returns the value of a claim by its name, or by a path of names joined with dots. Names may contain dots: the
 * longest existing name wins. Ignores inherited properties (`constructor`, `__proto__`).
 */
export function claimAt(claims: unknown, path: string): unknown {
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) return undefined;
  const own = claims as Claims;
  if (Object.hasOwn(own, path)) return own[path];
  for (let at = path.lastIndexOf('.'); at > 0; at = path.lastIndexOf('.', at - 1)) {
    const name = path.slice(0, at);
    const found = Object.hasOwn(own, name) ? claimAt(own[name], path.slice(at + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Reason why a claim gave no role. */
export type ClaimProblem = 'missing' | 'neither text nor list' | 'no match';

/**
 * Returns the highest role that a claim names. Names are the groups of `map` or, without a map, viewer, operator and
 * admin. A claim is a list or a text of names separated by blanks. Numbers count as their text.
 */
export function roleOfClaim(claim: unknown, map: ReadonlyMap<string, Role>): Role | ClaimProblem {
  if (claim === undefined || claim === null) return 'missing';
  const toRole = (name: string) => (map.size > 0 ? map.get(name) : isRole(name) ? name : undefined);
  const names = namesIn(claim, (name) => toRole(name) !== undefined);
  if (!names) return 'neither text nor list';
  return highest(names.flatMap((name) => toRole(name) ?? [])) ?? 'no match';
}

function namesIn(claim: unknown, isKnown: (name: string) => boolean): string[] | undefined {
  if (Array.isArray(claim)) return claim.flatMap((one) => toName(one) ?? []);
  const whole = toName(claim);
  if (whole === undefined) return undefined;
  // A group name may contain blanks: a known name is not split.
  return isKnown(whole) ? [whole] : whole.split(/\s+/);
}

function toName(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

/** E-mail address and its verification status at the provider. */
export interface ClaimedEmail {
  address: string;
  verified: 'yes' | 'no' | 'unknown';
}

/**
 * Returns the address of the first source with one. The status may come from another source with the same address.
 */
export function emailIn(sources: readonly Claims[]): ClaimedEmail | undefined {
  const address = sources.map(({ email }) => email).find((email) => typeof email === 'string');
  if (typeof address !== 'string' || address === '') return undefined;
  const claim = sources
    .filter(({ email }) => email === address)
    .map(({ email_verified }) => email_verified)
    .find((verified) => verified !== undefined && verified !== null);
  if (claim === undefined) return { address, verified: 'unknown' };
  // Some providers send the boolean as text.
  const isVerified = claim === true || (typeof claim === 'string' && claim.toLowerCase() === 'true');
  return { address, verified: isVerified ? 'yes' : 'no' };
}
