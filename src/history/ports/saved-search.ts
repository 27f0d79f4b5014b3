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
