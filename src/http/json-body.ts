import { RoostError, type ErrorCode, type FieldProblem } from '../model/errors.js';
import { toPath, type JsonFault } from '../model/exact-json.js';
import { nearName } from '../model/near-name.js';

/** Maximum nesting of lists and objects in a body. */
const MAX_DEPTH = 32;
/** Names that reach into JavaScript prototypes. No field has them. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** @throws RoostError BODY_MALFORMED for a body nested too deep, with forbidden names or with a lone surrogate. */
export function checkJson(value: unknown, path = 'body', depth = 1): void {
  // JSON can contain a lone surrogate, but UTF-8 cannot, and Redis scripts reject it.
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
 * Rejects a body, or one line of a bulk body, that parsing would change.
 * @param root name of the body in the path of a repeated name; a number has the path of its member
 * @throws RoostError BODY_MALFORMED, or INPUT_INVALID, OPTIONS_INVALID or REQUEST_INVALID if only numbers are
 * affected.
 */
export function refuseFaults(faults: readonly JsonFault[], root: string): void {
  const [first] = faults;
  if (!first) return;
  const repeated = faults.filter(({ kind }) => kind === 'repeated name');
  const problems = (repeated.length > 0 ? repeated : faults).map(({ kind, path, message }): FieldProblem => ({
    path: toPath(path, kind === 'number' && path.length > 0 ? '' : root),
    message,
  }));
  const code =
    repeated.length > 0 ? 'BODY_MALFORMED' : (CODE_OF_MEMBER.get(first.path[0]) ?? 'REQUEST_INVALID');
  throw new RoostError(code, problems.map(({ path, message }) => `${path} ${message}`).join('; '), problems);
}

/** Error codes by the body member that contains the number. */
const CODE_OF_MEMBER: ReadonlyMap<unknown, ErrorCode> = new Map([
  ['input', 'INPUT_INVALID'],
  ['options', 'OPTIONS_INVALID'],
]);

/**
 * Returns the body if it is an object with no members other than `names`.
 * @throws RoostError REQUEST_INVALID naming each unknown member.
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
