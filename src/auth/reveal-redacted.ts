import type { Request } from 'express';
import { RoostError } from '../model/errors.js';
import { withoutRedaction } from '../platform/redaction/redaction.js';
import { authorize } from './authorize.js';
import { ANONYMOUS } from './principal.js';

/** Parses the query parameter `reveal=1`. */
export function revealFlag(text: string): true {
  if (text === '1') return true;
  throw new Error('must be 1, or left out');
}

/**
 * Runs `work` without redaction if asked. Audits the request, also when it is refused.
 * @throws RoostError FORBIDDEN
 */
export function revealing<T>(req: Request, isAsked: boolean, work: () => T): T {
  if (!isAsked) return work();
  req.permission = 'secrets.reveal';
  if (!isAskedHere(req)) {
    throw new RoostError(
      'CROSS_SITE',
      'Hidden values are shown after a click on the link of their own page. Open the task without `reveal=1`, and show them there.',
    );
  }
  // Reveals only read: neither the CSRF token nor READ_ONLY applies.
  authorize(
    req.principal ?? ANONYMOUS,
    { permission: 'secrets.reveal' },
    { method: 'GET', csrf: '', readOnly: false },
  );
  return withoutRedaction(work);
}

/**
 * Checks where a browser's click came from. Accepts pages of this origin, not a link elsewhere, a bookmark or a mail.
 * Older browsers send a referrer at most; programs send neither header.
 */
function isAskedHere({ headers }: Request): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { referer } = headers;
  return referer === undefined || (URL.canParse(referer) && new URL(referer).host === headers.host);
}
