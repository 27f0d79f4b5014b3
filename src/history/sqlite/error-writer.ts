import { ERROR_STATES } from '../ports/error-group-store.js';
import { describeGroup, type ErrorCounts, type SeenErrors } from '../recording/rules/error-counts.js';
import { WORD } from '../recording/rules/names.js';
import type { SqliteDatabase } from './database.js';
import type { Dictionary } from './dictionary.js';

/** SQL condition: the group was resolved and has failed again since. SET sees the row before the update. */
const HAS_REGRESSED = `state = ${ERROR_STATES.indexOf('resolved')} AND excluded.last_seen > changed`;

/**
 * Adds the counts to the stored groups and clears them. A resolved group that fails again becomes `regressed`.
 */
export function writeErrors(db: SqliteDatabase, words: Dictionary, counts: ErrorCounts): void {
  for (const [fingerprint, seen] of counts.drain()) {
    const group = writeGroup(db, words, fingerprint, seen);
    for (const [hour, n] of seen.hours) {
      db.run('INSERT INTO error_hours VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n', [
        group,
        hour,
        n,
      ]);
    }
    for (const [worker, { n, last }] of seen.workers) {
      db.run(
        'INSERT INTO error_workers VALUES (?, ?, ?, ?) ' +
          'ON CONFLICT DO UPDATE SET n = n + excluded.n, last_seen = max(last_seen, excluded.last_seen)',
        [group, worker, n, last],
      );
    }
    for (const [version, { n, first, last }] of seen.versions) {
      db.run(
        'INSERT INTO error_versions VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n, ' +
          'first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)',
        [group, words.idOf(WORD.version, version), n, first, last],
      );
    }
    for (const listener of seen.listeners) listener(group);
  }
}

function writeGroup(
  db: SqliteDatabase,
  words: Dictionary,
  fingerprint: string,
  { failure, n, first, last }: SeenErrors,
): number {
  const { name, message, sample, frame } = describeGroup(failure);
  return db.get<{ id: number }>(
    `INSERT INTO error_groups (fingerprint, type, name, message, sample, frame, first_seen, last_seen, n, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
       ON CONFLICT (fingerprint) DO UPDATE SET n = n + excluded.n, sample = excluded.sample,
         first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen),
         state = iif(${HAS_REGRESSED}, ${ERROR_STATES.indexOf('regressed')}, state),
         regressed = iif(${HAS_REGRESSED}, iif(excluded.first_seen > changed, excluded.first_seen, excluded.last_seen), regressed)
       RETURNING id`,
    [fingerprint, words.idOf(WORD.type, failure.type), name, message, sample, frame, first, last, n],
  )!.id;
}
