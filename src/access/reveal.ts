import type { Request } from 'express';
import { withoutRedaction } from '../contract/redaction.js';
import { decide } from './decide.js';
import { NOBODY } from './visitor.js';

/** Of a query parameter: `reveal=1` is asked, anything else is not understood. */
export function revealFlag(text: string): true {
  if (text === '1') return true;
  throw new Error('must be 1, or left out');
}

/**
 * Does it with what the rules of REDACT hide, where that is asked for; the audit has it then, also where it is refused.
 * @throws RoostError FORBIDDEN
 */
export function revealing<T>(req: Request, isAsked: boolean, work: () => T): T {
  if (!isAsked) return work();
  req.permission = 'secrets.reveal';
  // It only looks, so neither the token against other sites nor READ_ONLY have a part in it.
  decide(
    req.visitor ?? NOBODY,
    { permission: 'secrets.reveal' },
    { method: 'GET', csrf: '', readOnly: false },
  );
  return withoutRedaction(work);
}
