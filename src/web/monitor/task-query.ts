/** Builds addresses of the task list, for links from numbers and bars to their tasks. */
export function toTasksHref(...terms: (string | undefined)[]): string {
  const q = terms.filter(Boolean).join(' ');
  return q === '' ? '/tasks' : `/tasks?q=${encodeURIComponent(q)}`;
}

const MINUTE = 60_000;

/**
 * Returns the condition for tasks finished from `from` up to but not including `to`. The query language
 * includes the whole last minute.
 */
export function finishedIn(from: number, to: number): string {
  const last = Math.max(from, Math.ceil(to / MINUTE) * MINUTE - MINUTE);
  return last - from < MINUTE
    ? `finished:${toMinute(from)}`
    : `finished:${toMinute(from)}..${toMinute(last)}`;
}

/** Returns the condition of a field with a name as its value. */
export function fieldOf(field: string, name: string): string {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_./@+-]*$/u.test(name) && !name.includes('..')
    ? `${field}:${name}`
    : `${field}:"${name.replaceAll(/[\\"]/g, '\\$&')}"`;
}

/** Formats like `2026-11-23T10:05Z`. */
export function toMinute(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}
