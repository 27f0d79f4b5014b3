import { timingSafeEqual } from 'node:crypto';
import { RoostError } from '../contract/errors.js';
import { redisAway } from '../queue/redis-errors.js';
import type { Need } from './needs.js';
import { factsOf, PERMISSIONS } from './permissions.js';
import type { Visitor } from './visitor.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

export function isWrite(method: string): boolean {
  return !SAFE.has(method);
}

/** What of a request the decision hangs on. */
export interface Attempt {
  method: string;
  /** As it came: from the header, or from the field of a form. */
  csrf: unknown;
  readOnly: boolean;
}

/**
 * The one decision on every request, for routes and for what is no route: throws unless all of it is right.
 * @throws RoostError UNAUTHENTICATED, FORBIDDEN, READ_ONLY, CSRF_TOKEN_INVALID, REDIS_UNAVAILABLE
 */
export function decide(visitor: Visitor, need: Need | undefined, attempt: Attempt): void {
  const writes = isWrite(attempt.method);
  if (need === undefined) {
    throw new RoostError('FORBIDDEN', 'Nobody has said who may come here, so nobody may.');
  }
  if (need !== 'public') {
    if (visitor.via === 'nobody') throw unauthenticated();
    if (need !== 'signed-in') {
      const { permission } = need;
      if (!visitor.permissions.has(permission)) {
        throw new RoostError(
          'FORBIDDEN',
          `This needs the permission ${permission} (${PERMISSIONS[permission].what.toLowerCase()}), which ` +
            `${visitor.name} does not have.`,
          undefined,
          { permission },
        );
      }
      if (attempt.readOnly && factsOf(permission).writes) throw readOnly();
    }
    if (attempt.readOnly && writes) throw readOnly();
  }
  if (!writes || visitor.via !== 'session') return;
  if (!isSame(attempt.csrf, visitor.csrf)) throw csrfInvalid();
  // Whether the session still holds cannot be asked: it may read on, and sign out.
  if (visitor.isRemembered && need !== 'public') throw redisAway();
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

/** In a time that does not tell how much of it is right. */
export function isSame(given: unknown, wanted: string | undefined): boolean {
  if (typeof given !== 'string' || wanted === undefined) return false;
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}
