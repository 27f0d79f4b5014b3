/*
 * What answers without login. The gate goes by this list, before a body is read and whatever is behind an address;
 * the guard goes by @Public. A route needs both, and the start fails where the two differ. Compared as they are sent:
 * another spelling of a path is another path, and asks for a login.
 */
const PATHS = new Set(['/login', '/logout', '/login/oidc', '/login/oidc/callback']);
const PREFIXES = ['/assets/', '/health/'];

export function isPublicPath(path: string): boolean {
  return PATHS.has(path) || isForAll(path);
}

/** Also for whom the gate would not look up: no visitor is known there. */
export function isForAll(path: string): boolean {
  return PREFIXES.some((prefix) => path.startsWith(prefix));
}
