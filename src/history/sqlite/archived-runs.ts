import { isSettledCode } from '../recording/rules/codes.js';
import type { SqliteDatabase } from './database.js';
import type { StoredTask } from '../recording/rules/stored-task.js';

/**
 * Frees the id for a new task, since other programs reuse job names (`daily-report`). A finished earlier task is
 * stored under `<id>~<its creation time>`. An unfinished one is removed: its outcome can no longer be known.
 */
export function archiveEarlier(
  db: SqliteDatabase,
  task: StoredTask,
  remove: (task: StoredTask) => void,
): void {
  if (!isSettledCode(task.state)) return remove(task);
  const id = `${task.id}~${new Date(task.created).toISOString()}`;
  const isInUse = db.get('SELECT 1 FROM tasks WHERE id = ? AND queue = ?', [id, task.queue]) !== undefined;
  // Two tasks were created in the same millisecond.
  db.run('UPDATE tasks SET id = ? WHERE no = ?', [isInUse ? `${id}.${task.no}` : id, task.no]);
}
