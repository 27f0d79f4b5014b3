/** Addresses of the task list by a query, as numbers and bars lead to the tasks behind them. */
export function toTasksHref(...terms: (string | undefined)[]): string {
  const q = terms.filter(Boolean).join(' ');
  return q === '' ? '/tasks' : `/tasks?q=${encodeURIComponent(q)}`;
}

const MINUTE = 60_000;

/** Settled from `from` on, up to but not including `to`: to the minute, whose last one is meant whole. */
export function finishedIn(from: number, to: number): string {
  const last = Math.max(from, Math.ceil(to / MINUTE) * MINUTE - MINUTE);
  return last - from < MINUTE ? `finished:${minute(from)}` : `finished:${minute(from)}..${minute(last)}`;
}

/** A name as a value of a field. */
export function fieldOf(field: string, name: string): string {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_./@+-]*$/u.test(name) && !name.includes('..')
    ? `${field}:${name}`
    : `${field}:"${name.replaceAll(/[\\"]/g, '\\$&')}"`;
}

function minute(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}
