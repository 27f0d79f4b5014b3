import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Redaction } from '../platform/redaction/redaction.js';
import { RoostError } from '../model/errors.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { MAX_SAVED, type SavedSearch } from '../history/ports/saved-search-store.js';
import { HISTORY } from '../history/tokens.js';
import { parseSearch } from './search-params.js';
import { toColumns, TASK_COLUMNS, type TaskColumn } from './task-columns.js';
import type { SearchView } from './search.openapi.js';

export const MAX_NAME_LENGTH = 60;

/** Stores queries under a name, shared by all users. */
@Injectable()
export class SavedSearches {
  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly redaction: Redaction,
  ) {}

  async all(): Promise<SearchView[]> {
    return (await this.store.searches()).map(toSearchView);
  }

  /**
   * Saves a search. Replaces one with the same name, ignoring case.
   * @throws RoostError REQUEST_INVALID for an invalid name, query or column.
   */
  async save(given: {
    name?: unknown;
    q?: unknown;
    columns?: unknown;
  }): Promise<{ search: SearchView; added: boolean }> {
    const name = nameOf(given.name);
    const q = queryOf(given.q, this.redaction);
    const columns = columnsOf(given.columns);
    const outcome = await this.store.saveSearch({
      id: randomUUID(),
      name,
      q,
      columns,
      createdAt: Date.now(),
    });
    if (outcome === 'full') throw refused('name', `cannot be added: ${MAX_SAVED} searches are saved already`);
    const saved = (await this.store.searches()).find((one) => one.name === name);
    if (!saved) throw searchMissing();
    return { search: toSearchView(saved), added: outcome === 'added' };
  }

  /** @throws RoostError SEARCH_NOT_FOUND. */
  async remove(id: string): Promise<void> {
    if (!(await this.store.dropSearch(id))) throw searchMissing();
  }
}

function toSearchView({ id, name, q, columns, createdAt }: SavedSearch): SearchView {
  const chosen = columns ? toColumns(columns) : undefined;
  const params = new URLSearchParams({ q });
  const tasks = `/api/v1/tasks?${params}`;
  if (chosen) params.set('columns', chosen.join(','));
  return {
    id,
    name,
    q,
    ...(chosen ? { columns: chosen } : {}),
    createdAt: new Date(createdAt).toISOString(),
    links: { self: `/api/v1/searches/${encodeURIComponent(id)}`, page: `/tasks?${params}`, tasks },
  };
}

function nameOf(name: unknown): string {
  const text = typeof name === 'string' ? name.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim() : '';
  if (text === '') throw refused('name', 'is missing: give the search a name');
  if (text.length > MAX_NAME_LENGTH)
    throw refused('name', `must be at most ${MAX_NAME_LENGTH} characters long`);
  return text;
}

function queryOf(q: unknown, redaction: Redaction): string {
  if (typeof q !== 'string') throw refused('q', 'must be a query; an empty one finds every task');
  try {
    return parseSearch({ q }, redaction).text;
  } catch (error) {
    throw error instanceof RoostError ? refused('q', error.fields?.[0]?.message ?? error.detail) : error;
  }
}

function columnsOf(columns: unknown): TaskColumn[] | null {
  if (columns === undefined || columns === null) return null;
  const names: unknown[] = Array.isArray(columns) ? columns : [columns];
  const known = toColumns(names.filter((name) => typeof name === 'string'));
  if (!known || names.some((name) => !(TASK_COLUMNS as readonly unknown[]).includes(name)))
    throw refused('columns', `must be a list of some of: ${TASK_COLUMNS.join(', ')}`);
  return known;
}

function searchMissing(): RoostError {
  return new RoostError(
    'SEARCH_NOT_FOUND',
    'There is no saved search with this id; it may have been deleted.',
  );
}

function refused(path: string, message: string): RoostError {
  return new RoostError('REQUEST_INVALID', `${path} ${message}`, [{ path, message }]);
}
