import { BulkInsert } from './bulk-insert.js';
import { isSettledCode } from './codes.js';
import type { SqliteDatabase } from './database.js';
import { indexable, scrubOfBodies } from './hidden-words.js';
import { MAX_TEXT } from './indexed-values.js';
import { isOwnId } from './own-ids.js';
import type { RecordBatch, TaskRef } from './rows.js';
import type { TaskColumns } from './schema.js';
import { CUT, indexTexts, type LoadBody, type MergedTask } from './task-merge.js';
import { refKey } from './task-rows.js';
import type { Words } from './words.js';

/** Log lines of a task that free text finds: the first so many, within `MAX_TEXT`. */
const INDEXED_LINES = 50;
/** Failures of a task whose text is found. */
const INDEXED_FAILURES = 5;

/** What attempts and log lines add to the text of a task. */
interface Spoken {
  error: string[];
  log: string[];
}

/** A text that is to be written. */
interface Pending {
  row: TaskColumns;
  isNew: boolean;
  /** Where they are known already. */
  bodies: { input: string; result: string } | undefined;
  spoken: Spoken | undefined;
}

/** Keeps the free-text index: a text is written again only when some part of it has changed. */
export class SearchWriter {
  private pending: Pending[] = [];
  private readonly insert: BulkInsert;

  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Words,
    private readonly load: LoadBody,
  ) {
    this.insert = new BulkInsert(db, 'INSERT INTO search (rowid, head, input, result, error, log)', 6);
  }

  /** `others`: tasks that are not in the batch themselves, though attempts or lines of them may be. */
  add(
    batch: RecordBatch,
    tasks: Iterable<[key: string, task: MergedTask]>,
    others: Map<string, TaskColumns>,
  ): void {
    const spoken = spokenIn(batch);
    const rest = new Map(others);
    for (const [key, task] of tasks) {
      rest.delete(key);
      this.addTask(task, spoken.get(key));
    }
    for (const [key, row] of rest) {
      if (spoken.has(key)) this.pending.push({ row, isNew: false, bodies: undefined, spoken: undefined });
    }
  }

  /** Numbers in ascending order: the index is built in memory only that way. */
  flush(): void {
    const pending = this.pending.sort((a, b) => a.row.no - b.row.no);
    this.pending = [];
    const known = pending.flatMap(({ row, isNew }) => (isNew ? [] : [row.no]));
    if (known.length > 0) {
      const spoken = this.spokenBefore(known);
      for (const task of pending) task.spoken ??= spoken.get(task.row.no);
      this.db.run('DELETE FROM search WHERE rowid IN (SELECT value FROM json_each(?))', [
        JSON.stringify(known),
      ]);
    }
    for (const { row, bodies, spoken } of pending)
      this.put(row, bodies ?? this.bodiesOf(row), spoken ?? { error: [], log: [] });
    this.insert.flush();
  }

  /** A task that is indexed anew. */
  again(row: TaskColumns, bodies: { input: string; result: string }): void {
    this.pending.push({ row, isNew: false, bodies, spoken: undefined });
  }

  remove(no: number): void {
    this.db.run('DELETE FROM search WHERE rowid = ?', [no]);
  }

  discard(): void {
    this.pending = [];
    this.insert.discard();
  }

  private addTask({ before, now, texts }: MergedTask, said: Spoken | undefined): void {
    now.text_hash = hashText(this.headOf(now), this.failureOf(now));
    if (before && before.text_hash === now.text_hash && !texts && !said) return;
    const isNew = before === undefined;
    this.pending.push({ row: now, isNew, bodies: texts, spoken: isNew ? said : undefined });
  }

  private put(row: TaskColumns, bodies: { input: string; result: string }, { error, log }: Spoken): void {
    const errors = new Set([this.failureOf(row), ...error.slice(-INDEXED_FAILURES)]);
    const failed = [...errors].join(' ').trim();
    const logged = log.slice(0, INDEXED_LINES).join(' ');
    const words = failed || logged ? scrubOfBodies((which) => this.bodyOf(row, which)) : undefined;
    const said = (text: string) => (words ? indexable(words, text) : text).slice(0, MAX_TEXT);
    this.insert.add([
      ...[row.no, this.headOf(row), bodies.input, bodies.result],
      ...[said(failed), said(logged)],
    ]);
  }

  private headOf(row: TaskColumns): string {
    const tags = row.tags ? (JSON.parse(row.tags) as string[]).join(' ') : '';
    // Looked for by `worker:` as soon as it starts; here only at the end, or each start would write the text again.
    const worker = isSettledCode(row.state) ? this.words.textOf(row.worker) : '';
    const id = isOwnId(row.id) ? '' : row.id;
    return `${id} ${this.words.textOf(row.type)} ${this.words.textOf(row.queue)} ${tags} ${worker}`;
  }

  private failureOf(row: TaskColumns): string {
    return row.error_message === null ? '' : `${this.words.textOf(row.error_name)} ${row.error_message}`;
  }

  private bodiesOf(row: TaskColumns): { input: string; result: string } {
    return indexTexts((which) => this.bodyOf(row, which));
  }

  private bodyOf(row: TaskColumns, which: 'input' | 'result'): string | null {
    return row.cut & CUT[which] ? this.load(row.no, which) : row[which];
  }

  /** From the tables, where this batch's rows are already; of all tasks at once, as most have said nothing. */
  private spokenBefore(tasks: number[]): Map<number, Spoken> {
    const spoken = new Map<number, Spoken>();
    const of = (task: number) => {
      let said = spoken.get(task);
      if (!said) spoken.set(task, (said = { error: [], log: [] }));
      return said;
    };
    const list = JSON.stringify(tasks);
    const failures = this.db.all<{ task: number; error_name: number; error_message: string }>(
      `SELECT task, error_name, error_message FROM json_each(?) AS j CROSS JOIN attempts ON task = j.value
       WHERE error_message IS NOT NULL ORDER BY task, number`,
      [list],
    );
    for (const { task, error_name, error_message } of failures)
      of(task).error.push(`${this.words.textOf(error_name)} ${error_message}`);
    const lines = this.db.all<{ task: number; text: string }>(
      `SELECT task, text FROM json_each(?) AS j CROSS JOIN logs ON task = j.value AND n <= coalesce(
         (SELECT n FROM logs AS l WHERE l.task = j.value ORDER BY n LIMIT 1 OFFSET ${INDEXED_LINES - 1}), 9e15)
       ORDER BY task, n`,
      [list],
    );
    for (const { task, text } of lines) of(task).log.push(text);
    return spoken;
  }
}

function spokenIn({ attempts, logs }: RecordBatch): Map<string, Spoken> {
  const spoken = new Map<string, Spoken>();
  const of = (ref: TaskRef) => {
    const key = refKey(ref);
    let said = spoken.get(key);
    if (!said) spoken.set(key, (said = { error: [], log: [] }));
    return said;
  };
  for (const row of attempts) if (row.error) of(row).error.push(`${row.error.name} ${row.error.message}`);
  for (const row of logs) if (row.n < INDEXED_LINES) of(row).log.push(row.text);
  return spoken;
}

/** FNV-1a, 32 bits: should two texts ever meet in it, the older one stays findable until the next change. */
function hashText(...parts: string[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0xffff, 0x01000193);
  }
  return hash >>> 0;
}
