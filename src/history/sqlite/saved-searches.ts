import { build } from './builder.js';
import type { SqliteDatabase } from './database.js';
import { MAX_SAVED, type SavedSearch } from '../ports/saved-search-store.js';

export function savedSearches(db: SqliteDatabase): SavedSearch[] {
  const rows = db.query(build.selectFrom('searches').selectAll().orderBy('folded').compile());
  return rows.map(({ id, name, q, columns, created }) => ({
    id,
    name,
    q,
    columns: columns === null ? null : (JSON.parse(columns) as string[]),
    createdAt: created,
  }));
}

/** Replaces a search with the same name (any case) and preserves its id; `full` when there are too many. */
export function saveSearch(
  db: SqliteDatabase,
  { id, name, q, columns, createdAt }: SavedSearch,
): 'added' | 'replaced' | 'full' {
  const folded = name.toLowerCase();
  const content = { name, q, columns: columns && JSON.stringify(columns), created: createdAt };
  return db.transaction(() => {
    const update = build.updateTable('searches').set(content).where('folded', '=', folded);
    if (db.execute(update.compile()) > 0) return 'replaced';
    const [{ n } = { n: 0 }] = db.query(
      build
        .selectFrom('searches')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .compile(),
    );
    if (n >= MAX_SAVED) return 'full';
    db.execute(
      build
        .insertInto('searches')
        .values({ id, folded, ...content })
        .compile(),
    );
    return 'added';
  });
}

/** False when no search has this id. */
export function dropSearch(db: SqliteDatabase, id: string): boolean {
  return db.execute(build.deleteFrom('searches').where('id', '=', id).compile()) > 0;
}
