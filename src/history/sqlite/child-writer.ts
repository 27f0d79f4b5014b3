import { toMoreJson } from './attempt-failure.js';
import { BulkInsert } from './bulk-insert.js';
import { levelCode, outcomeCode } from '../recording/rules/codes.js';
import { completedAttempt, isCompletedBy } from './own-attempt.js';
import type { AttemptColumns } from './schema.js';
import type { SqliteDatabase } from './database.js';
import type { AttemptRow, LogRow, ProgressRow, RecordBatch, TaskRef } from '../ports/rows.js';
import type { MergedTask } from '../recording/rules/task-merge.js';
import type { StoredTask } from '../recording/rules/stored-task.js';
import {
  attemptKey,
  noteAttempt,
  type AttemptChange,
  type KnownOutcomes,
} from '../recording/rules/attempt-changes.js';
import { refKey } from '../recording/rules/ref-key.js';
import type { Dictionary } from './dictionary.js';
import { WORD } from '../recording/rules/names.js';

/** Maximum log lines (the last ones) and progress samples of a task. */
const MAX_LINES = 1000;
const MAX_SAMPLES = 240;
const MAX_STACK = 8000;
const MAX_MESSAGE = 4000;
const MAX_LINE = 8000;
const MAX_DETAIL = 1000;

const ATTEMPT_COLUMNS = [
  'task', 'number', 'worker', 'started', 'finished', 'outcome', 'error_name', 'error_message', 'stack', 'version',
  'error_more',
] as const satisfies readonly (keyof AttemptColumns)[]; // prettier-ignore

/** SQL: `lost` means that the end of an attempt is unknown, so it never replaces a known outcome. */
const KNOWN_OUTCOME = `iif(excluded.outcome = ${outcomeCode('lost')}, coalesce(outcome, excluded.outcome), coalesce(excluded.outcome, outcome))`;

/** Writes the dependent rows of tasks: attempts, log lines and progress. */
export class ChildWriter {
  private readonly attemptRows: BulkInsert;
  private readonly logs: BulkInsert;
  private readonly progress: BulkInsert;

  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Dictionary,
  ) {
    const [, , , ...known] = ATTEMPT_COLUMNS;
    this.attemptRows = new BulkInsert(
      db,
      `INSERT INTO attempts (${ATTEMPT_COLUMNS.join(', ')})`,
      ATTEMPT_COLUMNS.length,
      `ON CONFLICT DO UPDATE SET worker = iif(excluded.worker = 0, worker, excluded.worker),
       ${known.map((name) => `${name} = ${name === 'outcome' ? KNOWN_OUTCOME : `coalesce(excluded.${name}, ${name})`}`).join(', ')}`,
    );
    const ignore = 'ON CONFLICT DO NOTHING';
    this.logs = new BulkInsert(db, 'INSERT INTO logs (task, n, at, level, attempt, text)', 6, ignore);
    this.progress = new BulkInsert(
      db,
      'INSERT INTO progress (task, at, percent, done, total, message, details)',
      7,
      ignore,
    );
  }

  /**
   * Returns the news and the number of rows without a task. An attempt that the row in `merged` describes gets no
   * row, until its task changes again. `found`: the tasks before the batch.
   */
  attempts(
    rows: AttemptRow[],
    numberOf: Map<string, number>,
    merged: ReadonlyMap<string, MergedTask>,
    found: ReadonlyMap<string, StoredTask>,
  ) {
    const outcomes = this.outcomesOf(rows, numberOf, found);
    for (const task of found.values()) {
      if (task.attempt_version === null) continue;
      this.addAttempt(completedAttempt(task));
      outcomes.set(attemptKey(task.no, 1), 'known');
    }
    const changes: AttemptChange[] = [];
    const failed = new Set<number>();
    let orphans = 0;
    for (const row of rows) {
      const key = refKey(row);
      const task = numberOf.get(key);
      if (task === undefined || !Number.isSafeInteger(row.number)) {
        orphans++;
        continue;
      }
      const one = noteAttempt(outcomes, task, row);
      changes.push(one);
      if (one.failed) failed.add(task);
      const columns = this.toColumns(task, row);
      const now = merged.get(key)?.now;
      if (now && one.begun && isCompletedBy(now, columns)) {
        now.attempt_version = columns.version ?? 0;
        continue;
      }
      if (now && row.number === 1 && now.attempt_version !== null) {
        this.addAttempt(completedAttempt(now));
        now.attempt_version = null;
      }
      this.addAttempt(columns);
    }
    this.attemptRows.flush();
    return { changes, failed, orphans };
  }

  /** Writes the other rows; returns the number of rows without a task or with an invalid position. */
  rest(
    { logs, progress }: RecordBatch,
    numberOf: Map<string, number>,
    found: ReadonlyMap<string, StoredTask>,
  ): number {
    let orphans = 0;
    const each = <Row extends TaskRef & { at: number; n?: number }>(
      rows: Row[],
      write: (task: number, row: Row) => void,
    ) => {
      for (const row of rows) {
        const task = numberOf.get(refKey(row));
        if (task === undefined || !isPlaced(row)) orphans++;
        else write(task, row);
      }
    };
    const withManyLines = new Set<number>();
    each(logs, (task, row) => {
      this.addLine(task, row);
      if (row.n >= MAX_LINES) withManyLines.add(task);
    });
    const samples = new Map<number, number>();
    const existing = new Set<number>();
    each(progress, (task, row) => {
      this.addSample(task, row);
      samples.set(task, (samples.get(task) ?? 0) + 1);
      if (found.has(refKey(row))) existing.add(task);
    });
    this.logs.flush();
    this.progress.flush();
    for (const task of withManyLines) this.trimLines(task);
    // The few samples of a new task need no counting.
    for (const [task, n] of samples) if (existing.has(task) || n > MAX_SAMPLES) this.trimSamples(task);
    return orphans;
  }

  unpackAttempt(task: StoredTask): void {
    if (task.attempt_version !== null) this.addAttempt(completedAttempt(task));
    this.attemptRows.flush();
  }

  /** Deletes attempts after number `after` and returns them. */
  dropAttempts(task: number, after: number): { number: number; started: number | null; worker: number }[] {
    return this.db.all(
      'DELETE FROM attempts WHERE task = ? AND number > ? RETURNING number, started, worker',
      [task, after],
    );
  }

  discard(): void {
    for (const insert of [this.attemptRows, this.logs, this.progress]) insert.discard();
  }

  private outcomesOf(
    rows: AttemptRow[],
    numberOf: Map<string, number>,
    found: ReadonlyMap<string, StoredTask>,
  ) {
    const outcomes: KnownOutcomes = new Map();
    if (found.size === 0) return outcomes;
    const tasks = new Set<number>();
    for (const row of rows) {
      const key = refKey(row);
      if (found.has(key)) tasks.add(numberOf.get(key)!);
    }
    if (tasks.size === 0) return outcomes;
    const failed = outcomeCode('failed');
    const known = this.db.all<{ task: number; number: number; outcome: number | null }>(
      'SELECT task, number, outcome FROM json_each(?) AS j CROSS JOIN attempts ON task = j.value',
      [JSON.stringify([...tasks])],
    );
    for (const { task, number, outcome } of known)
      outcomes.set(attemptKey(task, number), outcome === failed ? 'failed' : 'known');
    return outcomes;
  }

  private toColumns(task: number, row: AttemptRow): AttemptColumns {
    const { error } = row;
    return {
      task,
      number: row.number,
      worker: row.worker ? this.words.idOf(WORD.worker, row.worker) : 0,
      started: row.startedAt ?? null,
      finished: row.finishedAt ?? null,
      outcome: outcomeCode(row.outcome),
      error_name: error ? this.words.idOf(WORD.errorName, error.name) : null,
      error_message: error?.message.slice(0, MAX_MESSAGE) ?? null,
      stack: error?.stack?.slice(0, MAX_STACK) ?? null,
      version: row.version ? this.words.idOf(WORD.version, row.version) : null,
      error_more: (error && toMoreJson(error)) ?? null,
    };
  }

  private addAttempt(columns: AttemptColumns): void {
    this.attemptRows.addColumns(columns, ATTEMPT_COLUMNS);
  }

  private addLine(task: number, { n, at, level, attempt, text }: LogRow): void {
    this.logs.add([task, n, at, levelCode(level), attempt, text.slice(0, MAX_LINE)]);
  }

  private addSample(task: number, row: ProgressRow): void {
    const { at, percent, done, total, message, details } = row;
    const json = details === undefined ? undefined : JSON.stringify(details);
    this.progress.add([task, at, percent, done, total, message?.slice(0, MAX_DETAIL), json]);
  }

  private trimLines(task: number): void {
    this.db.run('DELETE FROM logs WHERE task = ?1 AND n <= (SELECT max(n) FROM logs WHERE task = ?1) - ?2', [
      task,
      MAX_LINES,
    ]);
  }

  /** Deletes every second sample of a task with too many: older samples are further apart. */
  private trimSamples(task: number): void {
    const { n } = this.db.get<{ n: number }>('SELECT count(*) AS n FROM progress WHERE task = ?', [task])!;
    if (n <= MAX_SAMPLES) return;
    this.db.run(
      `DELETE FROM progress WHERE task = ?1 AND at IN (
         SELECT at FROM (SELECT at, row_number() OVER (ORDER BY at) AS place FROM progress WHERE task = ?1) WHERE place % 2 = 0)`,
      [task],
    );
  }
}

function isPlaced({ at, n = 0, seq = 0 }: { at: number; n?: number; seq?: number }): boolean {
  return Number.isSafeInteger(n) && Number.isSafeInteger(seq) && Number.isFinite(at);
}
