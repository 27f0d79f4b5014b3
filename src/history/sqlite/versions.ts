import { build } from './builder.js';
import type { SqliteDatabase } from './database.js';
import type { Dictionary } from './dictionary.js';
import { WORD } from '../recording/rules/names.js';
import type { KnownVersion } from '../ports/stats-store.js';

/** Maximum listed versions; they come from settings of workers, of which there are few. */
const MAX_LISTED = 500;

/** First appearance of each version of the code, that is a deployment. */
export class Versions {
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Dictionary,
  ) {}

  note(version: string, at: number): void {
    this.seen.set(version, Math.min(this.seen.get(version) ?? at, at));
  }

  flush(): void {
    for (const [version, at] of this.seen) {
      this.db.run(
        'INSERT INTO versions VALUES (?, ?) ON CONFLICT DO UPDATE SET first_seen = excluded.first_seen ' +
          'WHERE first_seen > excluded.first_seen',
        [this.words.idOf(WORD.version, version), at],
      );
    }
    this.seen.clear();
  }

  discard(): void {
    this.seen.clear();
  }

  /** Versions first seen in [`from`, `to`): the newest `MAX_LISTED`, oldest first. */
  list(from: number, to: number): KnownVersion[] {
    const rows = this.db.query(
      build
        .selectFrom('versions')
        .selectAll()
        .where('first_seen', '>=', from)
        .where('first_seen', '<', to)
        .orderBy('first_seen', 'desc')
        .limit(MAX_LISTED)
        .compile(),
    );
    return rows
      .map(({ version, first_seen }) => ({ version: this.words.textOf(version), firstSeenAt: first_seen }))
      .reverse();
  }
}
