import type { TaskColumn } from '../../search/task-columns.js';

/** Everything that an address of the list says. */
export interface ListAddress {
  /** In the query language; empty for every task. */
  q: string;
  /** Where the address names them; else those that the browser remembers, or the usual ones. */
  columns?: readonly TaskColumn[];
  /** Where the page begins, and where those before it did: a cursor leads one way only. */
  cursor?: string;
  trail?: readonly string[];
  /** From 1. */
  page?: number;
}

/** Pages one can go back one by one; from there the first one is a click away. */
export const MAX_TRAIL = 20;

export function toHref({ q, columns, cursor, trail = [], page = 1 }: ListAddress): string {
  const params = new URLSearchParams();
  if (q) params.set('q', q);
  if (columns) params.set('columns', columns.join(','));
  if (cursor) {
    params.set('cursor', cursor);
    if (trail.length > 0) params.set('trail', trail.join(','));
    params.set('page', String(page));
  }
  return params.size > 0 ? `/tasks?${params}` : '/tasks';
}

/** The same list with another query, from its first page. */
export function withQuery({ columns }: ListAddress, q: string): string {
  return toHref({ q, ...(columns ? { columns } : {}) });
}

export function olderHref(here: ListAddress, nextCursor: string): string {
  const trail = here.cursor ? [...(here.trail ?? []), here.cursor].slice(-MAX_TRAIL) : [];
  return toHref({ ...here, cursor: nextCursor, trail, page: (here.page ?? 1) + 1 });
}

/** Undefined on the first page, and where the way back is no longer known. */
export function newerHref(here: ListAddress): string | undefined {
  const page = here.page ?? 1;
  if (!here.cursor || page <= 1) return undefined;
  if (page === 2) return firstHref(here);
  const cursor = here.trail?.at(-1);
  return cursor && toHref({ ...here, cursor, trail: here.trail!.slice(0, -1), page: page - 1 });
}

export function firstHref({ q, columns }: ListAddress): string {
  return toHref({ q, ...(columns ? { columns } : {}) });
}
