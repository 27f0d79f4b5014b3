import type { TaskProgress } from '../../model/task-view.js';
import { toState } from '../recording/rules/codes.js';
import type { HistoryTask } from '../ports/rows.js';
import type { StoredTask } from '../recording/rules/stored-task.js';
import { CUT } from '../recording/rules/task-merge.js';
import type { Dictionary } from './dictionary.js';

const COLUMNS = [
  ...(['queue', 'id', 'type', 'state', 'input', 'cut', 'input_bytes', 'result', 'result_bytes'] as const),
  ...(['error_name', 'error_message', 'progress', 'attempts_made', 'attempts_max', 'priority'] as const),
  ...(['tags', 'options', 'created', 'delay_until', 'expires', 'started', 'finished'] as const),
  ...(['wait_ms', 'run_ms', 'worker', 'origin', 'cancelled'] as const),
] as const;
type Values<Names extends readonly (keyof StoredTask)[]> = {
  -readonly [I in keyof Names]: StoredTask[Names[I]];
};

/** A row of a list as one JSON text: the driver needs longer for thirty values than SQLite and V8 for their text. */
export const LISTED_JSON = `json_array(${COLUMNS.map((name) => `t.${name}`).join(', ')}, g.fingerprint)`;
export type ListedTask = [...Values<typeof COLUMNS>, fingerprint: string | null];

/** Converts a row of a list; bodies stored elsewhere are truncated. */
export function toHistoryTask(row: ListedTask, words: Dictionary): HistoryTask {
  // prettier-ignore
  const [
    queue, id, type, state, input, cut, inputBytes, result, resultBytes,
    errorName, errorMessage, progress, attemptsMade, attemptsMax, priority,
    tags, options, createdAt, delayUntil, expiresAt, startedAt, finishedAt,
    waitMs, runMs, worker, origin, cancelled, errorGroup,
  ] = row;
  return {
    queue: words.textOf(queue),
    id,
    type: words.textOf(type),
    state: toState(state),
    input,
    inputCut: (cut & CUT.input) !== 0,
    inputBytes,
    result,
    resultCut: (cut & CUT.result) !== 0,
    resultBytes,
    error: errorMessage === null ? null : { name: words.textOf(errorName), message: errorMessage },
    errorGroup,
    progress: parsed<TaskProgress>(progress),
    attemptsMade,
    attemptsMax,
    priority,
    tags: parsed<string[]>(tags) ?? [],
    options,
    createdAt,
    delayUntil,
    expiresAt,
    startedAt,
    finishedAt,
    waitMs,
    runMs,
    worker: worker === 0 ? null : words.textOf(worker),
    origin,
    cancelled: parsed<NonNullable<HistoryTask['cancelled']>>(cancelled),
  };
}

/** Parses JSON written by the store itself. */
function parsed<Value>(json: string | null): Value | null {
  return json === null ? null : (JSON.parse(json) as Value);
}
