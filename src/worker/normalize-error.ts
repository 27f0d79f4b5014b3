import { PermanentError } from '../task-api/outcomes.js';
import type { TaskFailure } from '../model/task-view.js';
import { tryRead } from './error-details.js';
import { toFailureRecord } from './failure-record.js';

/** Records of errors that were created here. A handler cannot forge one. */
const records = new WeakMap<object, TaskFailure>();

/**
 * Converts any thrown value to an error whose message and stack have a bounded size. `recordOf` returns the
 * other fields.
 */
export function toError(thrown: unknown): Error {
  return fromRecord(recordOf(thrown), new Error());
}

/** Returns the record that is stored of a thrown value. */
export function recordOf(thrown: unknown): TaskFailure {
  const known = typeof thrown === 'object' && thrown !== null ? records.get(thrown) : undefined;
  return known ?? toFailureRecord(thrown);
}

/** Applies a record, such as one from another process, to `error`. */
export function fromRecord<E extends Error>(record: TaskFailure, error: E): E {
  const { name, message, stack } = record;
  error.message = message;
  error.name = name;
  error.stack = stack ?? `${name}: ${message}`;
  records.set(error, record);
  return error;
}

/**
 * Returns true for a PermanentError, or an UnrecoverableError of any copy of BullMQ. That class is recognized
 * by its constructor: any code can set an error's `name`.
 */
export function isPermanent(thrown: unknown): boolean {
  return isInstance(thrown, PermanentError) || isA('UnrecoverableError', thrown);
}

function isA(className: string, thrown: unknown): boolean {
  try {
    for (let proto = prototypeOf(thrown); proto; proto = prototypeOf(proto)) {
      if (proto.constructor?.name === className) return true;
    }
  } catch {
    // A proxy or a getter threw.
  }
  return false;
}

function prototypeOf(value: unknown): { constructor?: { name?: unknown } } | null {
  return typeof value === 'object' && value !== null
    ? (Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null)
    : null;
}

/** Evaluates `instanceof` for a value that may be a proxy with a trap. */
export function isInstance<T>(value: unknown, type: abstract new (...args: never[]) => T): value is T {
  return tryRead(() => value instanceof type) === true;
}
