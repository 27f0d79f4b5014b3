import { BulkInsert } from './bulk-insert.js';
import type { Bindable, SqliteDatabase } from './database.js';
import type { TaskRef } from './rows.js';
import type { TaskColumns } from './schema.js';
import type { MergedTask } from './task-merge.js';

/** In the order of the table, which is that of `TaskColumns`. */
const COLUMNS = [
  'no', 'id', 'queue', 'type', 'state', 'worker', 'priority', 'attempts_made', 'attempts_max', 'created',
  'delay_until', 'expires', 'started', 'finished', 'wait_ms', 'run_ms', 'error_name', 'error_message',
  'error_group', 'tags', 'origin', 'progress', 'cancelled', 'options', 'input_bytes', 'result_bytes', 'input',
  'result', 'cut', 'facts', 'text_hash',
] as const satisfies readonly (keyof TaskColumns)[]; // prettier-ignore

/** Reads and writes rows of `tasks` and what hangs on them, many at a time and without the builder: the hottest path. */
export class TaskRows {
  private readonly upsert: BulkInsert;
  private readonly bodies: BulkInsert;
  private readonly facts: BulkInsert;

  constructor(private readonly db: SqliteDatabase) {
    const changes = COLUMNS.slice(1).map((name) => `${name} = excluded.${name}`);
    this.upsert = new BulkInsert(
      db,
      `INSERT INTO tasks (${COLUMNS.join(', ')})`,
      COLUMNS.length,
      `ON CONFLICT (no) DO UPDATE SET ${changes.join(', ')}`,
    );
    this.bodies = new BulkInsert(
      db,
      'INSERT INTO bodies (task, input, result)',
      3,
      'ON CONFLICT (task) DO UPDATE SET input = coalesce(excluded.input, input), result = coalesce(excluded.result, result)',
    );
    this.facts = new BulkInsert(db, 'INSERT INTO facts (path, value, task)', 3, 'ON CONFLICT DO NOTHING');
  }

  /** The rows there are of these, by their place in the list. */
  find(refs: readonly { id: string; queue: number }[]): Map<number, TaskColumns> {
    const found = new Map<number, TaskColumns>();
    if (refs.length === 0) return found;
    const rows = this.db.all<TaskColumns & { place: number }>(
      `SELECT j.key AS place, t.* FROM json_each(?) AS j
       CROSS JOIN tasks AS t ON t.id = j.value ->> 0 AND t.queue = j.value ->> 1`,
      [JSON.stringify(refs.map(({ id, queue }) => [id, queue]))],
    );
    for (const { place, ...row } of rows) found.set(place, row);
    return found;
  }

  body(task: number, which: 'input' | 'result'): string | null {
    const row = this.db.get<{ input: string | null; result: string | null }>(
      'SELECT input, result FROM bodies WHERE task = ?',
      [task],
    );
    return row?.[which] ?? null;
  }

  put({ before, now, body, facts }: MergedTask): void {
    this.upsert.add(COLUMNS.map((name) => now[name]) as Bindable[]);
    if (body) this.bodies.add([now.no, body.input, body.result]);
    if (!facts) return;
    if (before) this.removeFacts(before);
    for (const { path, value } of facts) this.facts.add([path, value, now.no]);
  }

  flush(): void {
    this.upsert.flush();
    this.bodies.flush();
    this.facts.flush();
  }

  discard(): void {
    for (const insert of [this.upsert, this.bodies, this.facts]) insert.discard();
  }

  /** Facts are found by path and value only, so the row itself says which are its own. */
  removeFacts({ no, facts }: Pick<TaskColumns, 'no' | 'facts'>): void {
    for (const [path, value] of JSON.parse(facts ?? '[]') as [number, string | number][]) {
      this.db.run('DELETE FROM facts WHERE path = ? AND value = ? AND task = ?', [path, value, no]);
    }
  }

  /** All that is kept of a task, but for its part in the numbers. */
  remove(task: Pick<TaskColumns, 'no' | 'facts'>): void {
    this.removeFacts(task);
    for (const table of ['attempts', 'transitions', 'logs', 'progress', 'bodies']) {
      this.db.run(`DELETE FROM ${table} WHERE task = ?`, [task.no]);
    }
    this.db.run('DELETE FROM tasks WHERE no = ?', [task.no]);
  }
}

/** Names a task within a batch. */
export function refKey({ queue, id }: TaskRef): string {
  return `${queue}\n${id}`;
}
