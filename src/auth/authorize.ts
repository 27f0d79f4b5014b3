import { timingSafeEqual } from 'node:crypto';
import { RoostError } from '../model/errors.js';
import { isWrite } from '../http/methods.js';
import type { RouteAccess } from './require-permission.js';
import { factsOf, PERMISSIONS } from './permissions.js';
import { unmaskToken } from './secrets.js';
import type { Principal } from './principal.js';

/** Properties of a request that authorization depends on. */
export interface Attempt {
  method: string;
  /** CSRF token as received, from the header or the form field. */
  csrf: unknown;
  readOnly: boolean;
}

/**
 * Authorizes a request, for Nest routes and other handlers alike. Throws unless every check passes.
 * @throws RoostError UNAUTHENTICATED, FORBIDDEN, READ_ONLY, CSRF_TOKEN_INVALID, REDIS_UNAVAILABLE
 */
export function authorize(principal: Principal, need: RouteAccess | undefined, attempt: Attempt): void {
  const writes = isWrite(attempt.method);
  if (need === undefined) {
    throw new RoostError(
      'FORBIDDEN',
      'This route declares no access rule, so all requests are refused. Add @RequirePermission, @SignedIn or @Public.',
    );
  }
  if (need !== 'public') {
    if (principal.via === 'nobody') throw unauthenticated();
    if (need !== 'signed-in') {
      const { permission } = need;
      if (!principal.permissions.has(permission)) {
        throw new RoostError(
          'FORBIDDEN',
          `This needs the permission ${permission} (${PERMISSIONS[permission].what.toLowerCase()}), which ` +
            `${principal.name} does not have.`,
          undefined,
          { permission },
        );
      }
      if (attempt.readOnly && factsOf(permission).writes) throw readOnly();
    }
    if (attempt.readOnly && writes) throw readOnly();
  }
  if (!writes || principal.via !== 'session') return;
  if (!isCsrfToken(attempt.csrf, principal.csrf)) throw csrfInvalid();
  // Redis cannot confirm the session: it may only read and sign out.
  if (principal.isStale && need !== 'public') {
    throw new RoostError(
      'REDIS_UNAVAILABLE',
      'Redis is unavailable, so the login cannot be checked and nothing was changed. Try again in a moment.',
    );
  }
}

export function unauthenticated(
  detail = 'This Roost has users: sign in, or send an API token as `Authorization: Bearer roost_...`.',
): RoostError {
  return new RoostError('UNAUTHENTICATED', detail);
}

export function csrfInvalid(): RoostError {
  return new RoostError(
    'CSRF_TOKEN_INVALID',
    'The form does not belong to this login, or is from before it. Open the page again and repeat it there; ' +
      'programs send an API token, or the `csrfToken` of /api/v1/me as `X-CSRF-Token`.',
  );
}

function readOnly(): RoostError {
  return new RoostError(
    'READ_ONLY',
    'This Roost is set to be read only (READ_ONLY=true): nothing can be changed through it.',
  );
}

/** Accepts the token as masked in a page or as returned by /api/v1/me. */
export function isCsrfToken(given: unknown, wanted: string | undefined): boolean {
  return typeof given === 'string' && isEqualConstantTime(unmaskToken(given), wanted);
}

/** Compares in constant time. */
export function isEqualConstantTime(given: unknown, wanted: string | undefined): boolean {
  if (typeof given !== 'string' || wanted === undefined) return false;
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}
