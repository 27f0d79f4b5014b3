import { sql } from 'kysely';
import { SETTLED_STATES, type TaskState } from '../../contract/states.js';
import type { BatchWriter } from './batch-writer.js';
import { build } from './builder.js';
import { stateCode } from './codes.js';
import type { SqliteDatabase } from './database.js';
import type { RetentionPolicy } from './history-store.js';
import { SPANS } from './numbers-writer.js';
import type { TaskColumns } from './schema.js';
import { endNumber } from './task-numbers.js';

const DAY = 86_400_000;
/** How long the finer numbers are kept, and error groups that nothing belongs to any more. */
/** With what it takes to set a whole day beside the one before, to the half hour. */
const KEEP_MINUTES = 2 * DAY + 3_600_000;
const KEEP_HOURS = 100 * DAY;
const KEEP_ERRORS = 100 * DAY;
/** Rows of the finer numbers let go of in one piece. */
const NUMBERS_PIECE = 2000;
const DEFAULT_CHUNK = 100;
/** A file gives space back while more than this share of it is empty, 16 MB at least; so many pages in one piece. */
const MAX_FREE = 0.25;
const MIN_FREE_PAGES = 4096;
const SHRINK_PAGES = 256;

/** One piece of forgetting: a short transaction, so that what is recorded meanwhile waits for a moment only. */
export function forgetPiece(
  db: SqliteDatabase,
  writer: BatchWriter,
  policy: RetentionPolicy,
): { forgotten: number; isDone: boolean } {
  const chunk = policy.chunk ?? DEFAULT_CHUNK;
  for (const state of SETTLED_STATES) {
    const tasks = overdue(db, state, policy, chunk);
    if (tasks.length === 0) continue;
    writer.remove(tasks);
    return { forgotten: tasks.length, isDone: false };
  }
  return { forgotten: 0, isDone: !forgetNumbers(db, policy.now) && !shrink(db) };
}

/** Gives a piece of the file back where much of it is empty; what is left is used again. */
function shrink(db: SqliteDatabase): boolean {
  const pragma = (name: string) => Object.values(db.get<Record<string, number>>(`PRAGMA ${name}`)!)[0]!;
  const free = pragma('freelist_count');
  if (free < MIN_FREE_PAGES || free < MAX_FREE * pragma('page_count')) return false;
  db.exec(`PRAGMA incremental_vacuum(${SHRINK_PAGES})`);
  return pragma('freelist_count') < free;
}

/** The oldest of a state that are past their time, or too many. */
function overdue(
  db: SqliteDatabase,
  state: TaskState,
  policy: RetentionPolicy,
  chunk: number,
): TaskColumns[] {
  const before = policy.before[state];
  const max = policy.max[state];
  const code = stateCode(state);
  // By age of creation, which the index of states is sorted by: who settled in time was created in time.
  const oldest = build.selectFrom('tasks').selectAll().where('state', '=', code).orderBy('no');
  if (before !== undefined) {
    const past = oldest
      .where('no', '<', endNumber(before))
      .where(sql<number>`coalesce(finished, created)`, '<', before)
      .limit(chunk);
    const tasks = db.query(past.compile()) as TaskColumns[];
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
  return excess > 0 ? (db.query(oldest.limit(excess).compile()) as TaskColumns[]) : [];
}

/** True where there was something to let go of. */
function forgetNumbers(db: SqliteDatabase, now: number): boolean {
  const old = [
    { span: SPANS.minute, before: now - KEEP_MINUTES },
    { span: SPANS.hour, before: now - KEEP_HOURS },
  ];
  for (const { span, before } of old) {
    const gone = db.run(
      `DELETE FROM numbers WHERE (span, at, queue, type, worker) IN
         (SELECT span, at, queue, type, worker FROM numbers WHERE span = ? AND at < ? LIMIT ?)`,
      [span, before, NUMBERS_PIECE],
    );
    if (gone > 0) return true;
  }
  return forgetErrors(db, now - KEEP_ERRORS);
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
