/**
 * Paths that need no login. The middleware uses this list, before a body is read and whatever handles the path; the
 * guard uses @Public. A route needs both, and the start fails if they differ. Paths are compared as sent: another
 * spelling is another path, and needs a login.
 */
const PATHS = new Set([
  '/login',
  '/login/second-factor',
  '/login/break-glass',
  '/logout',
  '/login/oidc',
  '/login/oidc/callback',
]);
const PREFIXES = ['/assets/', '/health/'];

export function isPublicPath(path: string): boolean {
  return PATHS.has(path) || skipsAuthentication(path);
}

/** Whether the middleware skips authentication. No principal is known for these paths. */
export function skipsAuthentication(path: string): boolean {
  return PREFIXES.some((prefix) => path.startsWith(prefix));
}
