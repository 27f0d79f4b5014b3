import type { TaskColumn } from '../../search/task-columns.js';

/** All parameters of a task list address. */
export interface ListAddress {
  /** Query text; empty for all tasks. */
  q: string;
  /** Columns of the address, else those stored by the browser, else the default ones. */
  columns?: readonly TaskColumn[];
  /** Cursor of this page, and those of the pages before it: a cursor leads in one direction only. */
  cursor?: string;
  trail?: readonly string[];
  /** Page number, from 1. */
  page?: number;
}

/** Maximum number of pages that a user can go back one by one. A link leads to the first page. */
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

/** Returns the address of the same list with another query, at its first page. */
export function withQuery({ columns }: ListAddress, q: string): string {
  return toHref({ q, ...(columns ? { columns } : {}) });
}

export function olderHref(here: ListAddress, nextCursor: string): string {
  const trail = here.cursor ? [...(here.trail ?? []), here.cursor].slice(-MAX_TRAIL) : [];
  return toHref({ ...here, cursor: nextCursor, trail, page: (here.page ?? 1) + 1 });
}

/** Returns undefined on the first page, and if the cursor of the previous page is no longer known. */
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
