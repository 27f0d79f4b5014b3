import { RoostError, type FieldProblem } from '../contract/errors.js';
import { nearName } from '../contract/near-name.js';

/** Deepest nesting of lists and objects a body may have. */
const MAX_DEPTH = 32;
/** Names that reach into JavaScript's own objects; no field of ours has them. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** @throws RoostError BODY_MALFORMED for a body nested too deep, with names that no input can have, or text that is none. */
export function checkJson(value: unknown, path = 'body', depth = 1): void {
  // Half of a pair of UTF-16: JSON can write it, but no UTF-8 can, and Redis's scripts do not read it.
  if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) {
    const message = 'has half a character in it (a lone surrogate)';
    throw new RoostError('BODY_MALFORMED', `\`${path.slice(0, 100)}\` ${message}.`, [
      { path: path.slice(0, 100), message },
    ]);
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) {
    const message = `is nested more than ${MAX_DEPTH} levels deep`;
    throw new RoostError('BODY_MALFORMED', `The body ${message}.`, [{ path: path.slice(0, 100), message }]);
  }
  for (const key of Object.keys(value)) {
    if (FORBIDDEN.has(key)) {
      const message = `\`${key}\` is not allowed as a name`;
      throw new RoostError('BODY_MALFORMED', `${message}.`, [
        { path: `${path}.${key}`.slice(0, 100), message },
      ]);
    }
    checkJson((value as Record<string, unknown>)[key], `${path}.${key}`, depth + 1);
  }
}

/**
 * A body that has to be an object with no other members than `names`.
 * @throws RoostError REQUEST_INVALID naming each member that is not known.
 */
export function objectBody(body: unknown, names: readonly string[]): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new RoostError('REQUEST_INVALID', `The body must be a JSON object with ${names.join(', ')}.`, [
      { path: 'body', message: `must be an object with ${names.join(', ')}` },
    ]);
  }
  const problems: FieldProblem[] = [];
  for (const name of Object.keys(body)) {
    if (names.includes(name)) continue;
    const near = nearName(name, names);
    problems.push({
      path: name,
      message: `is not known here.${near ? ` Did you mean \`${near}\`?` : ''} Known: ${names.join(', ')}`,
    });
  }
  if (problems.length > 0) {
    throw new RoostError(
      'REQUEST_INVALID',
      problems.map(({ path, message }) => `${path} ${message}`).join('; '),
      problems,
    );
  }
  return body as Record<string, unknown>;
}
