import { BulkInsert } from './bulk-insert.js';
import { isSettledCode } from './codes.js';
import type { SqliteDatabase } from './database.js';
import { indexBody, MAX_TEXT } from './indexed-values.js';
import type { RecordBatch, TaskRef } from './rows.js';
import type { TaskColumns } from './schema.js';
import { CUT, type LoadBody, type MergedTask } from './task-merge.js';
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

/** Keeps the free-text index: a text is written again only when some part of it has changed. */
export class SearchWriter {
  private pending: { no: number; isNew: boolean; columns: string[] }[] = [];
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
      const said = spoken.get(key);
      if (said) this.put(row, this.bodiesOf(row), this.spokenBefore(row.no), false);
    }
  }

  /** Numbers in ascending order: the index is built in memory only that way. */
  flush(): void {
    const pending = this.pending.sort((a, b) => a.no - b.no);
    this.pending = [];
    for (const { no, isNew } of pending) if (!isNew) this.remove(no);
    for (const { no, columns } of pending) this.insert.add([no, ...columns]);
    this.insert.flush();
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
    const spoken = before ? this.spokenBefore(now.no) : (said ?? { error: [], log: [] });
    this.put(now, texts ?? this.bodiesOf(now), spoken, !before);
  }

  private put(
    row: TaskColumns,
    bodies: { input: string; result: string },
    { error, log }: Spoken,
    isNew: boolean,
  ): void {
    const errors = new Set([this.failureOf(row), ...error.slice(-INDEXED_FAILURES)]);
    this.pending.push({
      no: row.no,
      isNew,
      columns: [
        this.headOf(row),
        bodies.input,
        bodies.result,
        [...errors].join(' ').trim().slice(0, MAX_TEXT),
        log.slice(0, INDEXED_LINES).join(' ').slice(0, MAX_TEXT),
      ],
    });
  }

  private headOf(row: TaskColumns): string {
    const tags = row.tags ? (JSON.parse(row.tags) as string[]).join(' ') : '';
    // Looked for by `worker:` as soon as it starts; here only at the end, or each start would write the text again.
    const worker = isSettledCode(row.state) ? this.words.textOf(row.worker) : '';
    return `${row.id} ${this.words.textOf(row.type)} ${this.words.textOf(row.queue)} ${tags} ${worker}`;
  }

  private failureOf(row: TaskColumns): string {
    return row.error_message === null ? '' : `${this.words.textOf(row.error_name)} ${row.error_message}`;
  }

  private bodiesOf(row: TaskColumns): { input: string; result: string } {
    const text = (which: 'input' | 'result') =>
      indexBody(which, row.cut & CUT[which] ? this.load(row.no, which) : row[which]).text;
    return { input: text('input'), result: text('result') };
  }

  /** From the tables, where this batch's rows are already. */
  private spokenBefore(task: number): Spoken {
    const failures = this.db.all<{ error_name: number; error_message: string }>(
      'SELECT error_name, error_message FROM attempts WHERE task = ? AND error_message IS NOT NULL ORDER BY number DESC LIMIT ?',
      [task, INDEXED_FAILURES],
    );
    const lines = this.db.all<{ text: string }>('SELECT text FROM logs WHERE task = ? ORDER BY n LIMIT ?', [
      task,
      INDEXED_LINES,
    ]);
    return {
      error: failures
        .map(({ error_name, error_message }) => `${this.words.textOf(error_name)} ${error_message}`)
        .reverse(),
      log: lines.map(({ text }) => text),
    };
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
