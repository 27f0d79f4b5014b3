import { isSettledCode } from './codes.js';
import type { SqliteDatabase } from './database.js';
import type { TaskColumns } from './schema.js';

/**
 * Makes room for a new task of the same id, as programs that name their jobs have it (`daily-report`): the earlier one is
 * kept under `<id>~<time of its creation>`. One that had not ended is gone: how it ended nobody will tell any more.
 */
export function retire(db: SqliteDatabase, task: TaskColumns, remove: (task: TaskColumns) => void): void {
  if (!isSettledCode(task.state)) return remove(task);
  const id = `${task.id}~${new Date(task.created).toISOString()}`;
  const isTaken = db.get('SELECT 1 FROM tasks WHERE id = ? AND queue = ?', [id, task.queue]) !== undefined;
  // Two that were created in the same millisecond.
  db.run('UPDATE tasks SET id = ? WHERE no = ?', [isTaken ? `${id}.${task.no}` : id, task.no]);
}
