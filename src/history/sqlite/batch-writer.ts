import type { Redaction } from '../../platform/redaction/redaction.js';
import type { AttemptChange } from '../recording/rules/attempt-changes.js';
import { ChildWriter } from './child-writer.js';
import {
  firstTime,
  groupTransitions,
  TransitionWriter,
  type TransitionsByTask,
} from './transition-writer.js';
import { writeCursors } from './cursors.js';
import type { SqliteDatabase } from './database.js';
import { archiveEarlier } from './archived-runs.js';
import { scrubOfBodies } from '../recording/rules/redact-text.js';
import { Reindexer } from './reindexer.js';
import { ErrorCounts } from '../recording/rules/error-counts.js';
import { writeErrors } from './error-writer.js';
import { MinuteCounts } from '../recording/rules/minute-counts.js';
import { writeNumbers } from './numbers-writer.js';
import type { RecordBatch, RecordOutcome, Settling, TaskRef } from '../ports/rows.js';
import type { StoredTask } from '../recording/rules/stored-task.js';
import { SearchWriter } from './search-writer.js';
import { EarlyFinishes } from '../recording/rules/early-finishes.js';
import { StateCounts } from '../recording/rules/state-counts.js';
import { readdress } from '../recording/rules/moved-rows.js';
import { moveTask } from './task-moves.js';
import { writeStateCounts } from './state-counts.js';
import { MAX_BODY_LENGTH, CUT, mergeTask, type MergedTask } from '../recording/rules/task-merge.js';
import { changeOf, mergeByTask } from '../recording/rules/row-merge.js';
import { TaskNumbers } from './task-numbers.js';
import { TaskRows } from './task-rows.js';
import { refKey } from '../recording/rules/ref-key.js';
import { Versions } from './versions.js';
import type { Dictionary } from './dictionary.js';
import { WORD } from '../recording/rules/names.js';

/**
 * Writes batches, each in one transaction with its cursors. All counts (state counts, numbers, error groups) follow
 * from the difference between a row before and after, so repeating a batch counts nothing twice.
 */
export class BatchWriter {
  private readonly rows: TaskRows;
  private readonly numbers: TaskNumbers;
  private readonly children: ChildWriter;
  private readonly transitions: TransitionWriter;
  private readonly tallies = new StateCounts();
  private readonly counts = new MinuteCounts();
  private readonly errors = new ErrorCounts();
  private readonly search: SearchWriter;
  private readonly versions: Versions;
  private readonly ahead = new EarlyFinishes();

  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Dictionary,
    private readonly redaction: Redaction,
    private readonly bodyLength = MAX_BODY_LENGTH,
  ) {
    this.rows = new TaskRows(db);
    this.numbers = new TaskNumbers(db);
    this.children = new ChildWriter(db, words);
    this.transitions = new TransitionWriter(db);
    this.versions = new Versions(db, words);
    this.search = new SearchWriter(db, words, (task, which) => this.rows.body(task, which), redaction);
  }

  record(batch: RecordBatch, now: number = Date.now()): RecordOutcome {
    return this.recordAll([batch], now);
  }

  /**
   * Records the batches in order in one transaction. `first` runs in it too; an error that it throws rolls everything
   * back.
   */
  recordAll(batches: readonly RecordBatch[], now: number, first?: () => void): RecordOutcome {
    return this.transaction(() => {
      first?.();
      this.numbers.refresh();
      const outcome = { added: 0, changed: 0, removed: 0, orphans: 0 };
      for (const batch of batches) {
        const one = this.write(batch, now);
        for (const name of Object.keys(outcome) as (keyof RecordOutcome)[]) outcome[name] += one[name];
      }
      return outcome;
    });
  }

  private write(original: RecordBatch, now: number): RecordOutcome {
    const { db, words, rows, tallies } = this;
    const { moves, batch } = readdress(original);
    for (const move of moves)
      moveTask(move, {
        ...{ db, words, rows, tallies },
        unpack: (task) => {
          this.children.unpackAttempt(task);
          this.transitions.unpack(task);
        },
        remove: (task) => this.removeOne(task),
      });
    const transitions = groupTransitions(batch.transitions);
    const found = this.findExisting(batch, transitions);
    const merged = this.merge(batch, transitions, found, now);
    const numberOf = new Map<string, number>();
    for (const [key, task] of found) numberOf.set(key, task.no);
    for (const [key, task] of merged) numberOf.set(key, task.now.no);

    this.dropAttempts(batch, numberOf, merged);
    const attempts = this.children.attempts(batch.attempts, numberOf, merged, found);
    this.countAttempts(attempts.changes, merged, found, now);
    for (const task of merged.values()) this.countTask(task, attempts.failed, now);
    writeErrors(db, words, this.errors);
    const orphans =
      attempts.orphans +
      this.transitions.add(transitions, merged, numberOf) +
      this.children.rest(batch, numberOf, found);

    this.search.add(batch, merged, found);
    const sorted = [...merged.values()].sort((a, b) => a.now.no - b.now.no);
    for (const task of sorted) this.rows.put(task);
    this.rows.flush();
    this.search.flush();
    this.each(batch.retired ?? [], merged, found, (task) =>
      archiveEarlier(this.db, task, (one) => this.removeOne(one)),
    );
    const removed = this.each(batch.removed, merged, found, (task) => this.removeOne(task));
    writeStateCounts(db, this.tallies);
    writeNumbers(db, this.counts);
    this.versions.flush();
    writeCursors(db, batch.cursors);
    const added = sorted.filter(({ before }) => !before).length;
    return { added, changed: sorted.length - added, removed, orphans };
  }

  /** Deletes tasks permanently, whatever their state. */
  remove(tasks: readonly StoredTask[]): void {
    this.transaction(() => {
      for (const task of tasks) this.removeOne(task);
      writeStateCounts(this.db, this.tallies);
    });
  }

  /** Reindexes tasks after number `after` by the current rules; returns the continuation, if any. */
  reindexPiece(after: number, limit: number): number | undefined {
    const { db, words, rows, search, redaction } = this;
    return this.transaction(() => new Reindexer(db, words, rows, search, redaction).piece(after, limit));
  }

  private removeOne(task: StoredTask): void {
    this.tallies.move(task, undefined);
    this.search.remove(task.no);
    this.rows.remove(task);
  }

  private findExisting(batch: RecordBatch, transitions: TransitionsByTask): Map<string, StoredTask> {
    const refs = new Map<string, { id: string; queue: number }>();
    const add = (key: string, { queue, id }: TaskRef) => {
      if (!refs.has(key)) refs.set(key, { id, queue: this.words.idOf(WORD.queue, queue) });
    };
    for (const [key, { ref }] of transitions) add(key, ref);
    for (const rows of [
      batch.tasks,
      batch.attempts,
      batch.logs,
      batch.progress,
      batch.removed,
      batch.retired ?? [],
    ]) {
      for (const ref of rows as TaskRef[]) add(refKey(ref), ref);
    }
    const keys = [...refs.keys()];
    const found = new Map<string, StoredTask>();
    for (const [place, row] of this.rows.find([...refs.values()])) found.set(keys[place]!, row);
    return found;
  }

  private merge(
    batch: RecordBatch,
    transitions: TransitionsByTask,
    found: Map<string, StoredTask>,
    now: number,
  ): Map<string, MergedTask> {
    const merged = new Map<string, MergedTask>();
    const options = {
      words: this.words,
      redaction: this.redaction,
      bodyLength: this.bodyLength,
      load: (task: number, which: 'input' | 'result') => this.rows.body(task, which),
      createdAt: now,
      number: (created: number) => this.numbers.assign(created),
    };
    for (const [key, row] of mergeByTask(batch.tasks)) {
      options.createdAt = firstTime(transitions.get(key)) ?? now;
      merged.set(key, mergeTask(found.get(key), row, options));
    }
    return merged;
  }

  /** Counts retries (the start of an attempt after the first) and newly failed attempts by error group. */
  private countAttempts(
    changes: AttemptChange[],
    merged: Map<string, MergedTask>,
    found: Map<string, StoredTask>,
    now: number,
  ): void {
    for (const { row, begun, failed } of changes) {
      if (row.version && row.startedAt) this.versions.note(row.version, row.startedAt);
      const key = refKey(row);
      const columns = merged.get(key)?.now ?? found.get(key);
      if (!columns) continue;
      if (begun && row.number > 1)
        this.counts.count('retried', row.startedAt ?? row.finishedAt ?? now, columns);
      if (!failed || !row.error) continue;
      // Readers of an error group may lack access to the task, so its texts are redacted.
      const failure = this.wordsOf(columns, merged.get(key)).failure(row.error);
      const worker = row.worker ? this.words.idOf(WORD.worker, row.worker) : columns.worker;
      const type = this.words.textOf(columns.type);
      const seen = { at: row.finishedAt ?? now, worker, version: row.version };
      this.errors.count({ ...failure, type }, seen, (group) => {
        if (columns === merged.get(key)?.now) columns.error_group = group;
        else this.db.run('UPDATE tasks SET error_group = ? WHERE no = ?', [group, columns.no]);
      });
    }
  }

  private countTask(task: MergedTask, failedAttempts: ReadonlySet<number>, now: number): void {
    const { before, now: row } = task;
    this.tallies.move(before, row);
    if (!before) this.counts.count('added', row.created, row);
    this.counts.finish(row, task.settled ? this.uncounted(task, task.settled) : changeOf(task, now));
    // The task failed without a failed attempt: its workers were lost too often.
    if (row.error_message === null || failedAttempts.has(row.no)) return;
    const [change] = changeOf(task, now);
    if (change?.state !== 'failed') return;
    const failure = {
      type: this.words.textOf(row.type),
      name: this.words.textOf(row.error_name),
      message: this.wordsOf(row, task).text(row.error_message),
    };
    this.errors.count(failure, { at: change.at, worker: row.worker }, (group) => (row.error_group = group));
  }

  /** Finishes by the events, without one that was counted before its event arrived. */
  private uncounted(task: MergedTask, settled: readonly Settling[]): readonly Settling[] {
    const early = this.ahead.find(task, settled);
    const isCounted = early && this.transitions.dropUnplaced(task, early.state, early.since);
    return isCounted ? settled.filter((one) => one !== early.finish) : settled;
  }

  private wordsOf(row: StoredTask, merged: MergedTask | undefined) {
    return scrubOfBodies(
      this.redaction,
      (which) => merged?.body?.[which] ?? (row.cut & CUT[which] ? this.rows.body(row.no, which) : row[which]),
    );
  }

  /** Removes starts as if they had never been recorded. */
  private dropAttempts(
    { dropped = [] }: RecordBatch,
    numberOf: Map<string, number>,
    merged: Map<string, MergedTask>,
  ): void {
    for (const drop of dropped) {
      const key = refKey(drop);
      const task = merged.get(key)?.now;
      if (!task) continue;
      for (const { number, started, worker } of this.children.dropAttempts(numberOf.get(key)!, drop.after)) {
        if (number > 1 && started !== null) this.counts.count('retried', started, { ...task, worker }, -1);
      }
    }
  }

  /** Runs `act` once for each existing task; returns how many there are. */
  private each(
    refs: TaskRef[],
    merged: Map<string, MergedTask>,
    found: Map<string, StoredTask>,
    act: (task: StoredTask) => void,
  ): number {
    let n = 0;
    for (const key of new Set(refs.map(refKey))) {
      const row = merged.get(key)?.now ?? found.get(key);
      if (!row) continue;
      act(row);
      n++;
    }
    return n;
  }

  private transaction<Result>(act: () => Result): Result {
    try {
      return this.db.transaction(act);
    } catch (error) {
      const parts = [this.rows, this.children, this.transitions, this.tallies, this.counts, this.errors];
      for (const part of [...parts, this.search, this.versions]) part.discard();
      this.words.forget();
      this.numbers.forget();
      throw error;
    }
  }
}
