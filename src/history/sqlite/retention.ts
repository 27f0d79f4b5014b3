import { sql } from './kysely.js';
import { FINISHED_STATES, type TaskState } from '../../model/states.js';
import type { BatchWriter } from './batch-writer.js';
import { build } from './builder.js';
import { stateCode } from '../recording/rules/codes.js';
import type { SqliteDatabase } from './database.js';
import type { RetentionPolicy } from '../ports/history-store.js';
import { SPANS } from '../recording/rules/minute-counts.js';
import type { StoredTask } from '../recording/rules/stored-task.js';
import { endNumber } from './task-numbers.js';

const DAY_MS = 86_400_000;
/** Retention of minute and hour numbers, and of error groups without tasks, ms. */
/** Two days plus the time needed to compare a whole day with the previous one, to the half hour. */
const MINUTES_RETENTION_MS = 2 * DAY_MS + 3_600_000;
const HOURS_RETENTION_MS = 100 * DAY_MS;
const ERRORS_RETENTION_MS = 100 * DAY_MS;
/** Rows of the finer numbers deleted per chunk. */
const NUMBERS_CHUNK = 2000;
const TASKS_CHUNK = 100;
/** Share of empty pages above which the file is shrunk (at least 16 MB), and pages per chunk. */
const MAX_FREE_SHARE = 0.25;
const MIN_FREE_PAGES = 4096;
const SHRINK_PAGES = 256;

/** Deletes one chunk in a short transaction, so that recording waits only for a moment. */
export function forgetPiece(
  db: SqliteDatabase,
  writer: BatchWriter,
  policy: RetentionPolicy,
): { forgotten: number; isDone: boolean } {
  const chunk = policy.chunk ?? TASKS_CHUNK;
  for (const state of FINISHED_STATES) {
    const tasks = overdue(db, state, policy, chunk);
    if (tasks.length === 0) continue;
    writer.remove(tasks);
    return { forgotten: tasks.length, isDone: false };
  }
  return { forgotten: 0, isDone: !forgetNumbers(db, policy.now) && !shrink(db) };
}

/** Shrinks the file by a chunk when much of it is empty; SQLite reuses the remaining free pages. */
function shrink(db: SqliteDatabase): boolean {
  const pragma = (name: string) => Object.values(db.get<Record<string, number>>(`PRAGMA ${name}`)!)[0]!;
  const free = pragma('freelist_count');
  if (free < MIN_FREE_PAGES || free < MAX_FREE_SHARE * pragma('page_count')) return false;
  db.exec(`PRAGMA incremental_vacuum(${SHRINK_PAGES})`);
  return pragma('freelist_count') < free;
}

/** Loads the oldest tasks of a state that exceed the maximum age or number. */
function overdue(db: SqliteDatabase, state: TaskState, policy: RetentionPolicy, chunk: number): StoredTask[] {
  const before = policy.before[state];
  const max = policy.max[state];
  const code = stateCode(state);
  // Sorted by creation time, which the index of states provides: a task that finished before the limit was also
  // created before it.
  const oldest = build.selectFrom('tasks').selectAll().where('state', '=', code).orderBy('no');
  if (before !== undefined) {
    const past = oldest
      .where('no', '<', endNumber(before))
      .where(sql<number>`coalesce(finished, created)`, '<', before)
      .limit(chunk);
    const tasks = db.query(past.compile()) as StoredTask[];
    if (tasks.length > 0) return tasks;
  }
  if (max === undefined) return [];
  const [row] = db.query(
    build
      .selectFrom('tallies')
      .select(({ fn }) => fn.sum<number>('n').as('n'))
      .where('state', '=', code)
      .compile(),
  );
  const excess = Math.min(chunk, (row?.n ?? 0) - max);
  return excess > 0 ? (db.query(oldest.limit(excess).compile()) as StoredTask[]) : [];
}

/** True when something was deleted. */
function forgetNumbers(db: SqliteDatabase, now: number): boolean {
  const old = [
    { span: SPANS.minute, before: now - MINUTES_RETENTION_MS },
    { span: SPANS.hour, before: now - HOURS_RETENTION_MS },
  ];
  for (const { span, before } of old) {
    const gone = db.run(
      `DELETE FROM numbers WHERE (span, at, queue, type, worker) IN
         (SELECT span, at, queue, type, worker FROM numbers WHERE span = ? AND at < ? LIMIT ?)`,
      [span, before, NUMBERS_CHUNK],
    );
    if (gone > 0) return true;
  }
  return forgetErrors(db, now - ERRORS_RETENTION_MS);
}

function forgetErrors(db: SqliteDatabase, before: number): boolean {
  return db.transaction(() => {
    const groups = db.all<{ id: number }>(
      `SELECT id FROM error_groups WHERE last_seen < ? AND NOT EXISTS (SELECT 1 FROM tasks WHERE error_group = error_groups.id) LIMIT 100`,
      [before],
    );
    for (const { id } of groups) {
      db.run('DELETE FROM error_hours WHERE error_group = ?', [id]);
      db.run('DELETE FROM error_workers WHERE error_group = ?', [id]);
      db.run('DELETE FROM error_versions WHERE error_group = ?', [id]);
      db.run('DELETE FROM error_groups WHERE id = ?', [id]);
    }
    return groups.length > 0;
  });
}
