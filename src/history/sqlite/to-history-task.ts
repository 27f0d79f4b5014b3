import type { TaskProgress } from '../../model/task-view.js';
import { toState } from '../recording/rules/codes.js';
import type { HistoryTask } from '../ports/rows.js';
import type { StoredTask } from '../recording/rules/stored-task.js';
import { CUT } from '../recording/rules/task-merge.js';
import type { Dictionary } from './dictionary.js';

export type ListedTask = StoredTask & { fingerprint: string | null };

/** Converts a row of a list; bodies stored elsewhere are truncated. */
export function toHistoryTask(row: ListedTask, words: Dictionary): HistoryTask {
  return {
    queue: words.textOf(row.queue),
    id: row.id,
    type: words.textOf(row.type),
    state: toState(row.state),
    input: row.input,
    inputCut: (row.cut & CUT.input) !== 0,
    inputBytes: row.input_bytes,
    result: row.result,
    resultCut: (row.cut & CUT.result) !== 0,
    resultBytes: row.result_bytes,
    error:
      row.error_message === null ? null : { name: words.textOf(row.error_name), message: row.error_message },
    errorGroup: row.fingerprint,
    progress: parsed<TaskProgress>(row.progress),
    attemptsMade: row.attempts_made,
    attemptsMax: row.attempts_max,
    priority: row.priority,
    tags: parsed<string[]>(row.tags) ?? [],
    options: row.options,
    createdAt: row.created,
    delayUntil: row.delay_until,
    expiresAt: row.expires,
    startedAt: row.started,
    finishedAt: row.finished,
    waitMs: row.wait_ms,
    runMs: row.run_ms,
    worker: row.worker === 0 ? null : words.textOf(row.worker),
    origin: row.origin,
    cancelled: parsed<NonNullable<HistoryTask['cancelled']>>(row.cancelled),
  };
}

/** Parses JSON written by the store itself. */
function parsed<Value>(json: string | null): Value | null {
  return json === null ? null : (JSON.parse(json) as Value);
}
