import type { TaskFailure } from './task-view.js';
import { withoutTerminalCodes } from './terminal-codes.js';

/** Maximum depth of a record. Stored data may be arbitrary. */
const MAX_DEPTH = 20;

/**
 * Returns the error at the end of the cause chain, the original problem. Follows the first of several inner errors.
 */
export function rootCause(failure: TaskFailure): TaskFailure {
  let root = failure;
  for (let next: TaskFailure | undefined = root; next; next = root.cause ?? root.errors?.[0]) root = next;
  return root;
}

/** Yields the error itself, its causes and its inner errors. */
export function* errorsIn(failure: TaskFailure): Generator<TaskFailure> {
  yield failure;
  if (failure.cause) yield* errorsIn(failure.cause);
  for (const inner of failure.errors ?? []) yield* errorsIn(inner);
}

/** Returns the distinct codes of the error, its causes and its inner errors. */
export function failureCodes(failure: TaskFailure): string[] {
  const codes = [...errorsIn(failure)].flatMap(({ code }) => (code === undefined ? [] : [code]));
  return [...new Set(codes)];
}

/** Members of a record beyond name, message and stack. */
export type FailureMore = Omit<TaskFailure, 'name' | 'message' | 'stack'>;

/** Returns undefined if there are none. */
export function moreOf(failure: TaskFailure): FailureMore | undefined {
  const { code, details, cause, errors, omittedCauses, omittedErrors } = failure;
  const more = {
    ...(code === undefined ? {} : { code }),
    ...(details ? { details } : {}),
    ...(cause ? { cause } : {}),
    ...(errors ? { errors } : {}),
    ...(omittedCauses ? { omittedCauses } : {}),
    ...(omittedErrors ? { omittedErrors } : {}),
  };
  return Object.keys(more).length > 0 ? more : undefined;
}

/** Parses a stored record. Returns undefined if it is invalid. */
export function readFailure(value: unknown, depth = 0): TaskFailure | undefined {
  if (!isObject(value) || depth > MAX_DEPTH) return undefined;
  const { name, message, stack, code, details, cause, errors, omittedCauses, omittedErrors } = value;
  if (typeof message !== 'string') return undefined;
  const inner = (one: unknown) => readFailure(one, depth + 1) ?? [];
  const causes = [cause].flatMap(inner);
  const all = Array.isArray(errors) ? errors.flatMap(inner) : [];
  return {
    name: typeof name === 'string' ? withoutTerminalCodes(name) : 'Error',
    message: withoutTerminalCodes(message),
    ...(typeof stack === 'string' ? { stack: withoutTerminalCodes(stack) } : {}),
    ...(typeof code === 'string' ? { code } : {}),
    ...(isObject(details) ? { details } : {}),
    ...(causes[0] ? { cause: causes[0] } : {}),
    ...(all.length > 0 ? { errors: all } : {}),
    ...(typeof omittedCauses === 'number' ? { omittedCauses } : {}),
    ...(typeof omittedErrors === 'number' ? { omittedErrors } : {}),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
