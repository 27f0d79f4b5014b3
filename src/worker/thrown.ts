import { PermanentError } from '../contract/outcomes.js';

const MAX_MESSAGE = 8_000;
const MAX_STACK = 16_000;

/** Whatever a handler threw, as an error whose message and stack have a bound. */
export function toError(thrown: unknown): Error {
  const error = thrown instanceof Error ? thrown : new Error(describe(thrown));
  const message = cut(readable(() => error.message) ?? '', MAX_MESSAGE) || '(no message)';
  const stack = cut(readable(() => error.stack) ?? '', MAX_STACK);
  const copy = new Error(message);
  copy.name = readable(() => error.name) || 'Error';
  copy.stack = stack || `${copy.name}: ${message}`;
  return copy;
}

export function isPermanent(thrown: unknown): boolean {
  if (thrown instanceof PermanentError) return true;
  return readable(() => (thrown as { name?: unknown } | null)?.name) === 'UnrecoverableError';
}

function describe(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  const kind = thrown === null ? 'null' : typeof thrown;
  const json = readable(() => JSON.stringify(thrown));
  return `The handler threw ${kind === 'object' ? 'an object' : kind} that is no error${json ? `: ${json}` : ''}`;
}

/** Getters of thrown objects can throw themselves. */
function readable(get: () => unknown): string | undefined {
  try {
    const value = get();
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = `… (cut, ${text.length} characters)`;
  // Within the bound as a whole: an error from a child comes through here twice.
  return text.slice(0, max - end.length) + end;
}
