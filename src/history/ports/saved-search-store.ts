/** Queries that users saved under a name. */
export interface SavedSearchStore {
  /** Sorted by name. */
  searches(): Promise<SavedSearch[]>;
  /** Replaces a search with the same name (any case); `full` when there are too many already. */
  saveSearch(search: SavedSearch): Promise<'added' | 'replaced' | 'full'>;
  /** False when no search has this id. */
  dropSearch(id: string): Promise<boolean>;
}

/** A query saved under a name. */
export interface SavedSearch {
  id: string;
  name: string;
  q: string;
  /** Columns of the list, if they differ from the default ones. */
  columns: string[] | null;
  createdAt: number;
}

/** Maximum saved searches: all are on one page. */
export const MAX_SAVED = 100;
