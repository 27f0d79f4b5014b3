import { ChildWriter, type AttemptNews } from './child-writer.js';
import { stateCode } from './codes.js';
import type { SqliteDatabase } from './database.js';
import { retire } from './earlier-lives.js';
import { scrubOfBodies } from './hidden-words.js';
import { Reindexer } from './reindexer.js';
import { ErrorWriter } from './error-writer.js';
import { NumbersWriter } from './numbers-writer.js';
import type { RecordBatch, RecordOutcome, TaskRef, TaskRow } from './rows.js';
import type { TaskColumns } from './schema.js';
import { SearchWriter } from './search-writer.js';
import { SettledAhead } from './settled-ahead.js';
import { Tallies } from './tallies.js';
import { moveTasks } from './task-moves.js';
import { BODY_LENGTH, CUT, mergeTask, type MergedTask } from './task-merge.js';
import { changeOf, laidOver } from './told-rows.js';
import { TaskNumbers } from './task-numbers.js';
import { refKey, TaskRows } from './task-rows.js';
import { Versions } from './versions.js';
import { WORD, type Words } from './words.js';

/**
 * Writes batches, each in one transaction with its cursors. What counts (tallies, numbers, error groups) follows from
 * the difference between a row before and after, so telling the same thing again counts nothing twice.
 */
export class BatchWriter {
  private readonly rows: TaskRows;
  private readonly numbers: TaskNumbers;
  private readonly children: ChildWriter;
  private readonly tallies: Tallies;
  private readonly counts: NumbersWriter;
  private readonly errors: ErrorWriter;
  private readonly search: SearchWriter;
  private readonly versions: Versions;
  private readonly ahead: SettledAhead;

  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Words,
    private readonly bodyLength = BODY_LENGTH,
  ) {
    this.rows = new TaskRows(db);
    this.numbers = new TaskNumbers(db);
    this.children = new ChildWriter(db, words);
    this.ahead = new SettledAhead(this.children);
    this.tallies = new Tallies(db);
    this.counts = new NumbersWriter(db);
    this.errors = new ErrorWriter(db, words);
    this.versions = new Versions(db, words);
    this.search = new SearchWriter(db, words, (task, which) => this.rows.body(task, which));
  }

  record(batch: RecordBatch, now: number = Date.now()): RecordOutcome {
    return this.recordAll([batch], now);
  }

  /** One after the other in one transaction. What `first`, done in it too, throws undoes it all. */
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

  private write(told: RecordBatch, now: number): RecordOutcome {
    const { db, words, rows, tallies } = this;
    const batch = moveTasks(told, { db, words, rows, tallies, remove: (task) => this.removeOne(task) });
    const { found, refs } = this.lookUp(batch);
    const merged = this.merge(batch, refs, found, now);
    const numberOf = new Map<string, number>();
    for (const [key, task] of found) numberOf.set(key, task.no);
    for (const [key, task] of merged) numberOf.set(key, task.now.no);

    this.dropAttempts(batch, numberOf, merged);
    const existing = new Set([...found.values()].map(({ no }) => no));
    const attempts = this.children.attempts(batch.attempts, numberOf, existing);
    this.countAttempts(attempts.news, merged, found, now);
    for (const task of merged.values()) this.countTask(task, attempts.failed, now);
    this.errors.flush();
    const orphans = attempts.orphans + this.children.rest(batch, numberOf, existing);

    this.search.add(batch, merged, found);
    const sorted = [...merged.values()].sort((a, b) => a.now.no - b.now.no);
    for (const task of sorted) this.rows.put(task);
    this.rows.flush();
    this.search.flush();
    this.each(batch.retired ?? [], merged, found, (task) =>
      retire(this.db, task, (one) => this.removeOne(one)),
    );
    const removed = this.each(batch.removed, merged, found, (task) => this.removeOne(task));
    this.tallies.flush();
    this.counts.flush();
    this.versions.flush();
    this.writeCursors(batch.cursors);
    const added = sorted.filter(({ before }) => !before).length;
    return { added, changed: sorted.length - added, removed, orphans };
  }

  /** Takes tasks out for good, whatever their state. */
  remove(tasks: readonly TaskColumns[]): void {
    this.transaction(() => {
      for (const task of tasks) this.removeOne(task);
      this.tallies.flush();
    });
  }

  /** Of tasks after number `after`, by the rules that hold now; answers where to go on, if anywhere. */
  reindexPiece(after: number, limit: number): number | undefined {
    const { db, words, rows, search } = this;
    return this.transaction(() => new Reindexer(db, words, rows, search).piece(after, limit));
  }

  private removeOne(task: TaskColumns): void {
    this.tallies.move(task, undefined);
    this.search.remove(task.no);
    this.rows.remove(task);
  }

  private lookUp(batch: RecordBatch) {
    const refs = new Map<string, TaskRef & { queueId: number }>();
    for (const rows of [
      batch.tasks,
      batch.attempts,
      batch.transitions,
      batch.logs,
      batch.progress,
      batch.removed,
      batch.retired ?? [],
    ]) {
      for (const ref of rows as TaskRef[]) {
        const key = refKey(ref);
        if (!refs.has(key))
          refs.set(key, { queue: ref.queue, id: ref.id, queueId: this.words.idOf(WORD.queue, ref.queue) });
      }
    }
    const keys = [...refs.keys()];
    const places = this.rows.find([...refs.values()].map(({ id, queueId }) => ({ id, queue: queueId })));
    const found = new Map<string, TaskColumns>();
    for (const [place, row] of places) found.set(keys[place]!, row);
    return { found, refs };
  }

  private merge(
    batch: RecordBatch,
    refs: Map<string, TaskRef>,
    found: Map<string, TaskColumns>,
    now: number,
  ) {
    const wanted = new Map<string, TaskRow>();
    for (const row of batch.tasks) {
      const key = refKey(row);
      const earlier = wanted.get(key);
      wanted.set(key, earlier ? laidOver(earlier, row) : row);
    }
    const seenAt = new Map<string, number>();
    for (const transition of batch.transitions) {
      const key = refKey(transition);
      if (refs.has(key)) seenAt.set(key, Math.min(seenAt.get(key) ?? Infinity, transition.at));
    }
    const merged = new Map<string, MergedTask>();
    for (const [key, row] of wanted) {
      const createdAt = seenAt.get(key) ?? now;
      const options = {
        words: this.words,
        bodyLength: this.bodyLength,
        load: (task: number, which: 'input' | 'result') => this.rows.body(task, which),
        createdAt,
        number: (created: number) => this.numbers.take(created),
      };
      merged.set(key, mergeTask(found.get(key), row, options));
    }
    return merged;
  }

  /** An attempt after the first that begins is a retry; one that newly failed is one more of its error. */
  private countAttempts(
    news: AttemptNews[],
    merged: Map<string, MergedTask>,
    found: Map<string, TaskColumns>,
    now: number,
  ): void {
    for (const { row, begun, failed } of news) {
      if (row.version && row.startedAt) this.versions.note(row.version, row.startedAt);
      const key = refKey(row);
      const columns = merged.get(key)?.now ?? found.get(key);
      if (!columns) continue;
      if (begun && row.number > 1)
        this.counts.count('retried', row.startedAt ?? row.finishedAt ?? now, columns);
      if (!failed || !row.error) continue;
      // A group is looked at by who has nothing to do with the task: its words have nothing of it that is hidden.
      const { name, message, stack } = this.wordsOf(columns, merged.get(key)).failure(row.error);
      const worker = row.worker ? this.words.idOf(WORD.worker, row.worker) : columns.worker;
      const type = this.words.textOf(columns.type);
      const seen = { at: row.finishedAt ?? now, worker, version: row.version };
      this.errors.count({ type, name, message, stack }, seen, (group) => {
        if (columns === merged.get(key)?.now) columns.error_group = group;
        else this.db.run('UPDATE tasks SET error_group = ? WHERE no = ?', [group, columns.no]);
      });
    }
  }

  private countTask(task: MergedTask, failedAttempts: ReadonlySet<number>, now: number): void {
    const { before, now: row } = task;
    this.tallies.move(before, row);
    if (!before) this.counts.count('added', row.created, row);
    const told = task.settled ? this.ahead.uncounted(task, task.settled) : changeOf(task, now);
    for (const { state, at, runMs } of told) {
      // The row is about the last time; of those before it only the events tell.
      const isRow = row.finished !== null && stateCode(state) === row.state && at === told.at(-1)!.at;
      const time = isRow ? row.finished! : at;
      this.counts.count(state, time, row);
      if (state !== 'completed' && state !== 'failed') continue;
      this.counts.time(time, row, isRow ? row.wait_ms : null, isRow ? row.run_ms : runMs);
    }
    // Failed without an attempt that did: its workers were lost once too often.
    const [change] = changeOf(task, now);
    if (change?.state !== 'failed' || failedAttempts.has(row.no) || row.error_message === null) return;
    const failure = {
      type: this.words.textOf(row.type),
      name: this.words.textOf(row.error_name),
      message: this.wordsOf(row, task).text(row.error_message),
    };
    this.errors.count(failure, { at: change.at, worker: row.worker }, (group) => (row.error_group = group));
  }

  private wordsOf(row: TaskColumns, merged: MergedTask | undefined) {
    return scrubOfBodies(
      (which) => merged?.body?.[which] ?? (row.cut & CUT[which] ? this.rows.body(row.no, which) : row[which]),
    );
  }

  /** Starts that were taken back: as if they had never been told. */
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

  /** Each task once that there is of these; answers how many. */
  private each(
    refs: TaskRef[],
    merged: Map<string, MergedTask>,
    found: Map<string, TaskColumns>,
    act: (task: TaskColumns) => void,
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

  private writeCursors(cursors: Record<string, string>): void {
    for (const [queue, place] of Object.entries(cursors)) {
      this.db.run(
        'INSERT INTO cursors (queue, place) VALUES (?, ?) ON CONFLICT DO UPDATE SET place = excluded.place',
        [queue, place],
      );
    }
  }

  private transaction<Result>(act: () => Result): Result {
    try {
      return this.db.transaction(act);
    } catch (error) {
      const parts = [this.rows, this.children, this.tallies, this.counts, this.errors, this.search];
      for (const part of [...parts, this.versions]) part.discard();
      this.words.forget();
      this.numbers.forget();
      throw error;
    }
  }
}
