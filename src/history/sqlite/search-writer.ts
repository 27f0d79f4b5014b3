import type { Redaction } from '../../platform/redaction/redaction.js';
import { failureText } from '../../platform/redaction/failure-text.js';
import { toFailure, type FailureColumns } from './attempt-failure.js';
import { BulkInsert } from './bulk-insert.js';
import { isSettledCode } from '../recording/rules/codes.js';
import type { SqliteDatabase } from './database.js';
import { indexable, scrubOfBodies } from '../recording/rules/redact-text.js';
import { MAX_TEXT } from '../recording/rules/indexed-values.js';
import { isOwnId } from './own-ids.js';
import type { RecordBatch, TaskRef } from '../ports/rows.js';
import type { StoredTask } from '../recording/rules/stored-task.js';
import { CUT, indexTexts, type LoadBody, type MergedTask } from '../recording/rules/task-merge.js';
import { refKey } from '../recording/rules/ref-key.js';
import type { Dictionary } from './dictionary.js';

/** Maximum indexed log lines of a task, within `MAX_TEXT`. */
const MAX_INDEXED_LINES = 50;
/** Maximum indexed failures of a task. */
const MAX_INDEXED_FAILURES = 5;

/** Text of a task that comes from its attempts and log lines. */
interface AddedText {
  error: string[];
  log: string[];
}

const NO_TEXT: AddedText = { error: [], log: [] };

/** A text to be written. */
interface Pending {
  row: StoredTask;
  head: string;
  isNew: boolean;
  /** Present if already loaded. */
  bodies: { input: string; result: string } | undefined;
  addedText: AddedText | undefined;
}

/** Maintains the free-text index: rewrites a text only when a part of it has changed. */
export class SearchWriter {
  private pending: Pending[] = [];
  private readonly insert: BulkInsert;

  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Dictionary,
    private readonly load: LoadBody,
    private readonly redaction: Redaction,
  ) {
    this.insert = new BulkInsert(db, 'INSERT INTO search (rowid, head, input, result, error, log)', 6);
  }

  /** `others`: tasks outside the batch whose attempts or lines may be in it. */
  add(
    batch: RecordBatch,
    tasks: ReadonlyMap<string, MergedTask>,
    others: ReadonlyMap<string, StoredTask>,
  ): void {
    const addedText = addedTextOf(batch, this.redaction);
    for (const [key, task] of tasks) this.addTask(task, addedText.get(key));
    for (const key of addedText.keys()) {
      const row = tasks.has(key) ? undefined : others.get(key);
      if (row) this.rewrite(row, undefined);
    }
  }

  /** Inserts in ascending order of numbers: only then is the index built in memory. */
  flush(): void {
    const pending = this.pending.sort((a, b) => a.row.no - b.row.no);
    this.pending = [];
    const known = pending.flatMap(({ row, isNew }) => (isNew ? [] : [row.no]));
    if (known.length > 0) {
      const addedText = this.loadAddedText(known);
      for (const task of pending) task.addedText ??= addedText.get(task.row.no);
      this.db.run('DELETE FROM search WHERE rowid IN (SELECT value FROM json_each(?))', [
        JSON.stringify(known),
      ]);
    }
    for (const { row, head, bodies, addedText } of pending)
      this.put(row, head, bodies ?? this.bodiesOf(row), addedText ?? NO_TEXT);
    this.insert.flush();
  }

  /** Indexes a task anew. */
  reindex(row: StoredTask, bodies: { input: string; result: string }): void {
    this.rewrite(row, bodies);
  }

  remove(no: number): void {
    this.db.run('DELETE FROM search WHERE rowid = ?', [no]);
  }

  discard(): void {
    this.pending = [];
    this.insert.discard();
  }

  private addTask({ before, now, texts }: MergedTask, added: AddedText | undefined): void {
    const head = this.headOf(now);
    now.text_hash = hashText(head, this.failureOf(now));
    if (before && before.text_hash === now.text_hash && !texts && !added) return;
    const isNew = before === undefined;
    this.pending.push({ row: now, head, isNew, bodies: texts, addedText: isNew ? added : undefined });
  }

  private rewrite(row: StoredTask, bodies: Pending['bodies']): void {
    this.pending.push({ row, head: this.headOf(row), isNew: false, bodies, addedText: undefined });
  }

  private put(
    row: StoredTask,
    head: string,
    bodies: { input: string; result: string },
    { error, log }: AddedText,
  ): void {
    if (error.length + log.length === 0 && row.error_message === null) {
      this.insert.add([row.no, head, bodies.input, bodies.result, '', '']);
      return;
    }
    const errors = new Set([this.failureOf(row), ...error.slice(-MAX_INDEXED_FAILURES)]);
    const failed = [...errors].join(' ').trim();
    const logged = log.slice(0, MAX_INDEXED_LINES).join(' ');
    const words =
      failed || logged ? scrubOfBodies(this.redaction, (which) => this.bodyOf(row, which)) : undefined;
    const added = (text: string) => (words ? indexable(words, text) : text).slice(0, MAX_TEXT);
    this.insert.add([row.no, head, bodies.input, bodies.result, added(failed), added(logged)]);
  }

  private headOf(row: StoredTask): string {
    const tags = row.tags ? (JSON.parse(row.tags) as string[]).join(' ') : '';
    // `worker:` finds it from the start; the text contains it only after the end, or each start would rewrite the
    // text.
    const worker = isSettledCode(row.state) ? this.words.textOf(row.worker) : '';
    const id = isOwnId(row.id) ? '' : row.id;
    return `${id} ${this.words.textOf(row.type)} ${this.words.textOf(row.queue)} ${tags} ${worker}`;
  }

  private failureOf(row: StoredTask): string {
    return row.error_message === null ? '' : `${this.words.textOf(row.error_name)} ${row.error_message}`;
  }

  private bodiesOf(row: StoredTask): { input: string; result: string } {
    return indexTexts((which) => this.bodyOf(row, which), this.redaction);
  }

  private bodyOf(row: StoredTask, which: 'input' | 'result'): string | null {
    return row.cut & CUT[which] ? this.load(row.no, which) : row[which];
  }

  /** Reads the tables, which already contain this batch's rows; of all tasks at once, as most have no such text. */
  private loadAddedText(tasks: number[]): Map<number, AddedText> {
    const addedText = new Map<number, AddedText>();
    const of = (task: number) => {
      let added = addedText.get(task);
      if (!added) addedText.set(task, (added = { error: [], log: [] }));
      return added;
    };
    const list = JSON.stringify(tasks);
    const failures = this.db.all<FailureColumns & { task: number }>(
      `SELECT task, error_name, error_message, NULL AS stack, error_more FROM json_each(?) AS j CROSS JOIN attempts ON task = j.value
       WHERE error_message IS NOT NULL ORDER BY task, number`,
      [list],
    );
    for (const row of failures)
      of(row.task).error.push(failureText(toFailure(row, this.words)!, this.redaction));
    const lines = this.db.all<{ task: number; text: string }>(
      `SELECT task, text FROM json_each(?) AS j CROSS JOIN logs ON task = j.value AND n <= coalesce(
         (SELECT n FROM logs AS l WHERE l.task = j.value ORDER BY n LIMIT 1 OFFSET ${MAX_INDEXED_LINES - 1}), 9e15)
       ORDER BY task, n`,
      [list],
    );
    for (const { task, text } of lines) of(task).log.push(text);
    return addedText;
  }
}

function addedTextOf({ attempts, logs }: RecordBatch, rules: Redaction): Map<string, AddedText> {
  const addedText = new Map<string, AddedText>();
  const of = (ref: TaskRef) => {
    const key = refKey(ref);
    let added = addedText.get(key);
    if (!added) addedText.set(key, (added = { error: [], log: [] }));
    return added;
  };
  for (const row of attempts) if (row.error) of(row).error.push(failureText(row.error, rules));
  for (const row of logs) if (row.n < MAX_INDEXED_LINES) of(row).log.push(row.text);
  return addedText;
}

/** FNV-1a, 32 bits. After a collision the old text stays indexed until the next change. */
function hashText(...parts: string[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0xffff, 0x01000193);
  }
  return hash >>> 0;
}
