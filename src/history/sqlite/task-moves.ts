import type { SqliteDatabase } from './database.js';
import type { TaskMove } from '../recording/rules/moved-rows.js';
import type { StoredTask } from '../recording/rules/stored-task.js';
import type { StateCounts } from '../recording/rules/state-counts.js';
import type { TaskRows } from './task-rows.js';
import type { Dictionary } from './dictionary.js';
import { WORD } from '../recording/rules/names.js';

interface Tools {
  db: SqliteDatabase;
  words: Dictionary;
  rows: TaskRows;
  tallies: StateCounts;
  /** Gives the transitions and the attempt in the row of the task rows of their own. */
  unpack(task: StoredTask): void;
  /** Removes a row and everything that belongs to it. */
  remove(task: StoredTask): void;
}

const CHILDREN = ['attempts', 'transitions', 'logs', 'progress'] as const;

/** Moves the stored rows of a task to another queue. Idempotent. */
export function moveTask(
  { queue, id, to }: TaskMove,
  { db, words, rows, tallies, unpack, remove }: Tools,
): void {
  const target = words.idOf(WORD.queue, to);
  const places = rows.find([
    { id, queue: words.idOf(WORD.queue, queue) },
    { id, queue: target },
  ]);
  const [from, already] = [places.get(0), places.get(1)];
  if (!from) return;
  if (!already) {
    db.run('UPDATE tasks SET queue = ? WHERE no = ?', [target, from.no]);
    tallies.move(from, { ...from, queue: target });
    return;
  }
  unpack(from);
  for (const table of CHILDREN)
    db.run(`UPDATE OR IGNORE ${table} SET task = ? WHERE task = ?`, [already.no, from.no]);
  remove(from);
}
