import type { TaskFailure } from '../../model/task-view.js';
import { toFailure, type FailureColumns } from './attempt-failure.js';
import { toLevel, toOutcome, toState } from '../recording/rules/codes.js';
import type { SqliteDatabase } from './database.js';
import { build } from './builder.js';
import type {
  HistoryAttempt,
  HistoryLogLine,
  HistoryProgress,
  HistoryTask,
  HistoryTransition,
} from '../ports/rows.js';
import type { AttemptColumns, HistorySchema } from './schema.js';
import type { StoredTask } from '../recording/rules/stored-task.js';
import {
  mergeTransitions,
  unpackTransitions,
  type StoredTransition,
} from '../recording/rules/packed-transitions.js';
import { CUT } from '../recording/rules/task-merge.js';
import { completedAttempt } from './own-attempt.js';
import { LISTED_JSON, toHistoryTask, type ListedTask } from './to-history-task.js';
import type { Dictionary } from './dictionary.js';
import { WORD } from '../recording/rules/names.js';

/** Reads single tasks and their dependent rows. */
export class TaskReader {
  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Dictionary,
  ) {}

  /** Returns whole bodies and the stack of the last failure. Without a queue: the newest task with that id. */
  get(id: string, queue?: string): HistoryTask | undefined {
    const row = this.row(id, queue);
    if (!row) return undefined;
    const task = toHistoryTask(this.listed([row.no])[0]!, this.words);
    if (row.cut & (CUT.input | CUT.result)) {
      const bodies = this.db.get<{ input: string | null; result: string | null }>(
        'SELECT input, result FROM bodies WHERE task = ?',
        [row.no],
      );
      if (row.cut & CUT.input)
        Object.assign(task, {
          input: bodies?.input ?? task.input,
          inputCut: (row.cut & CUT.wholeInput) !== 0,
        });
      if (row.cut & CUT.result)
        Object.assign(task, {
          result: bodies?.result ?? task.result,
          resultCut: (row.cut & CUT.wholeResult) !== 0,
        });
    }
    if (task.error) task.error = this.whole(row.no, task.error);
    return task;
  }

  attempts(id: string, queue?: string): HistoryAttempt[] {
    const task = this.row(id, queue);
    if (!task) return [];
    const rows = this.children<AttemptColumns>('attempts', 'number', task);
    if (task.attempt_version !== null && rows[0]?.number !== 1) rows.unshift(completedAttempt(task));
    return rows.map((row) => ({
      number: row.number,
      worker: row.worker === 0 ? null : this.words.textOf(row.worker),
      startedAt: row.started,
      finishedAt: row.finished,
      outcome: toOutcome(row.outcome),
      error: toFailure(row, this.words),
      version: row.version === null ? null : this.words.textOf(row.version),
    }));
  }

  transitions(id: string, queue?: string): HistoryTransition[] {
    const task = this.row(id, queue);
    if (!task) return [];
    const rows = this.children<StoredTransition>('transitions', 'at, seq, state', task);
    return mergeTransitions(unpackTransitions(task.transitions), rows).map(
      ({ at, seq, state, attempt, detail }) => ({
        at,
        seq,
        state: toState(state),
        ...(attempt === null ? {} : { attempt }),
        ...(detail === null ? {} : { detail }),
      }),
    );
  }

  /** Lines from number `after` on, oldest first; `total` includes lines already deleted. */
  logs(id: string, { queue, after = 0, limit }: { queue?: string; after?: number; limit: number }) {
    const row = this.row(id, queue);
    if (!row) return { items: [], total: 0 };
    const { last } = this.db.get<{ last: number | null }>('SELECT max(n) AS last FROM logs WHERE task = ?', [
      row.no,
    ])!;
    const total = last === null ? 0 : last + 1;
    const items = this.db
      .all<Omit<HistoryLogLine, 'level'> & { level: number }>(
        'SELECT n, at, level, attempt, text FROM logs WHERE task = ? AND n >= ? ORDER BY n LIMIT ?',
        [row.no, after < 0 ? total + after : after, limit],
      )
      .map((line) => ({ ...line, level: toLevel(line.level) }));
    return { items, total };
  }

  progress(id: string, queue?: string): HistoryProgress[] {
    const task = this.row(id, queue);
    return task ? this.children<SampleColumns>('progress', 'at', task).map(toSample) : [];
  }

  /** Rows of a list, in the order of `numbers`. */
  listed(numbers: number[]): ListedTask[] {
    if (numbers.length === 0) return [];
    const rows = this.db.lists(
      `SELECT ${LISTED_JSON} FROM json_each(?) AS j CROSS JOIN tasks AS t ON t.no = j.value
       LEFT JOIN error_groups AS g ON g.id = t.error_group ORDER BY j.key`,
      [JSON.stringify(numbers)],
    );
    return rows.map(([json]) => JSON.parse(json as string) as ListedTask);
  }

  /**
   * Adds the parts of the error stored in its attempt. A task whose workers were lost has an error that no attempt
   * has.
   */
  private whole(task: number, error: TaskFailure): TaskFailure {
    const row = this.db.get<FailureColumns>(
      'SELECT error_name, error_message, stack, error_more FROM attempts WHERE task = ? AND error_message IS NOT NULL ORDER BY number DESC LIMIT 1',
      [task],
    );
    const failure = row && toFailure(row, this.words);
    return failure?.name === error.name && failure.message === error.message ? failure : error;
  }

  private row(id: string, queue: string | undefined) {
    let query = build
      .selectFrom('tasks')
      .select(['no', 'cut', 'worker', 'started', 'finished', 'transitions', 'attempt_version'])
      .where('id', '=', id)
      .orderBy('no', 'desc')
      .limit(1);
    if (queue !== undefined) query = query.where('queue', '=', this.words.find(WORD.queue, queue) ?? -1);
    return this.db.query(query.compile())[0];
  }

  private children<Row>(
    table: 'attempts' | 'transitions' | 'progress',
    order: string,
    { no }: Pick<StoredTask, 'no'>,
  ): Row[] {
    return this.db.all<Row>(`SELECT * FROM ${table} WHERE task = ? ORDER BY ${order}`, [no]);
  }
}

type SampleColumns = Omit<HistorySchema['progress'], 'task'>;

function toSample({ at, percent, done, total, message, details }: SampleColumns): HistoryProgress {
  return {
    at,
    percent,
    ...(done === null ? {} : { done }),
    ...(total === null ? {} : { total }),
    ...(message === null ? {} : { message }),
    ...(details === null ? {} : { details: JSON.parse(details) as unknown }),
  };
}
