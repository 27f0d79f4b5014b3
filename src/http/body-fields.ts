import { MAX_DELAY_MS } from '../task-api/delays.js';
import { RoostError, type FieldProblem } from '../model/errors.js';
import { readTime } from '../model/iso-time.js';
import { objectBody } from './json-body.js';

type Readers = Record<string, (value: unknown) => unknown>;
type Fields<R extends Readers> = { [K in keyof R]?: ReturnType<R[K]> };

// Control characters would break log lines and pages.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f\u2028\u2029]/;
const MAX_REASON_LENGTH = 500;

/**
 * Reads the members of a JSON body, each with its function. Rejects unknown members and omits missing ones. A reader
 * reports a problem by throwing an `Error` whose message follows the name.
 * @throws RoostError REQUEST_INVALID with every problem at once.
 */
export function readFields<R extends Readers>(
  body: unknown,
  readers: R,
  required: readonly (keyof R & string)[] = [],
): Fields<R> {
  const given = objectBody(body, Object.keys(readers));
  const problems: FieldProblem[] = [];
  const result: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(readers)) {
    if (given[name] === undefined) {
      if (required.includes(name)) problems.push({ path: name, message: `is missing; it ${wanted(read)}` });
      continue;
    }
    try {
      result[name] = read(given[name]);
    } catch (error) {
      problems.push({ path: name, message: (error as Error).message });
    }
  }
  refuse(problems);
  return result as Fields<R>;
}

/** @throws RoostError REQUEST_INVALID if there are any problems. */
export function refuse(problems: FieldProblem[]): void {
  if (problems.length === 0) return;
  throw new RoostError(
    'REQUEST_INVALID',
    problems.map(({ path, message }) => `${path} ${message}`).join('; '),
    problems,
  );
}

export function whole(min: number, max: number, unit = ''): (value: unknown) => number {
  return (value) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw new Error(`must be a whole number${unit ? ` of ${unit}` : ''} from ${min} to ${max}`);
  };
}

/** Accepts null too, for removing a value. */
export function orNone<T>(read: (value: unknown) => T): (value: unknown) => T | null {
  return (value) => {
    if (value === null) return null;
    try {
      return read(value);
    } catch (error) {
      throw new Error(`${(error as Error).message}, or null for none`, { cause: error });
    }
  };
}

export function oneOf<T extends string>(choices: readonly T[]): (value: unknown) => T {
  return (value) => {
    if ((choices as readonly unknown[]).includes(value)) return value as T;
    throw new Error(`must be one of: ${choices.join(', ')}`);
  };
}

export function yesOrNo(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new Error('must be true or false');
}

export function reason(value: unknown): string {
  if (typeof value === 'string' && value.length <= MAX_REASON_LENGTH && !CONTROL.test(value))
    return value.trim();
  throw new Error(`must be text of at most ${MAX_REASON_LENGTH} characters`);
}

/** Reads a time after `now`, in ms. */
export function timeAfter(now: number): (value: unknown) => number {
  return (value) => {
    const ms = readTime(value);
    if (ms <= now) throw new Error('must lie in the future');
    if (ms > now + MAX_DELAY_MS) throw new Error('must lie within a year');
    return ms;
  };
}

/** Reads a rate of `max` starts per `perMs` milliseconds. */
export function rate(value: unknown): { max: number; perMs: number } {
  const { max, perMs, ...rest } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  try {
    if (Object.keys(rest).length > 0) throw new Error('has more than max and perMs');
    return { max: whole(1, 100_000)(max), perMs: whole(1, 86_400_000)(perMs) };
  } catch (error) {
    const shape =
      'must be {"max": starts, 1 to 100000, "perMs": milliseconds, 1 to 86400000}, such as {"max":10,"perMs":60000}';
    throw new Error(shape, { cause: error });
  }
}

/** Fields of a command that may expire: a reason, and its end as a time or a duration in ms. */
export function orderFields(now: number) {
  return { reason, until: timeAfter(now), forMs: whole(1, MAX_DELAY_MS, 'milliseconds') };
}

/** @throws RoostError REQUEST_INVALID if both forms of the end are given. */
export function oneEnd({ until, forMs }: { until?: number; forMs?: number }): void {
  if (until === undefined || forMs === undefined) return;
  refuse([{ path: 'forMs', message: 'cannot be given together with until; leave one of them out' }]);
}

/** Returns the requirement of a reader in its own words. */
function wanted(read: (value: unknown) => unknown): string {
  try {
    read(undefined);
    return 'is needed';
  } catch (error) {
    return (error as Error).message;
  }
}
