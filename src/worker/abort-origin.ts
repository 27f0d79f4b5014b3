/** Error names and codes that Node, fetch, undici, axios and other libraries use for an aborted signal. */
const ABORT_NAMES = new Set<unknown>(['AbortError', 'CanceledError']);
const ABORT_CODES = new Set<unknown>(['ABORT_ERR', 'ERR_CANCELED', 'UND_ERR_ABORTED']);
/** Maximum number of errors checked in a chain of causes. Chains are never that deep, but may be circular. */
const MAX_ERRORS = 50;

const markedErrors = new WeakSet<object>();

/**
 * Marks an error as caused by an abort where its fields do not show it, because it is a copy of an error from
 * another process.
 */
export function markAsAbort<E extends object>(error: E): E {
  markedErrors.add(error);
  return error;
}

/**
 * Returns true if `thrown` is the abort's `reason`, an abort error of a library, or an error that wraps one
 * of these: as its cause, or among the errors of an AggregateError.
 */
export function comesFromAbort(thrown: unknown, reason: unknown): boolean {
  const queue: unknown[] = [thrown];
  for (let i = 0; i < queue.length && i < MAX_ERRORS; i++) {
    const error = queue[i];
    if (error === undefined || error === null) continue;
    if (error === reason) return true;
    if (typeof error !== 'object') continue;
    if (markedErrors.has(error)) return true;
    const { name, code, cause, errors } = readParts(error);
    if (ABORT_NAMES.has(name) || ABORT_CODES.has(code)) return true;
    queue.push(cause);
    if (Array.isArray(errors)) queue.push(...(errors.slice(0, MAX_ERRORS) as unknown[]));
  }
  return false;
}

interface Parts {
  name?: unknown;
  code?: unknown;
  cause?: unknown;
  errors?: unknown;
}

/** Reads the fields of a thrown object, whose getters can throw. */
function readParts(error: object): Parts {
  try {
    const { name, code, cause, errors } = error as Parts;
    return { name, code, cause, errors };
  } catch {
    return {};
  }
}
