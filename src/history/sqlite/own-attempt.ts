import { outcomeCode, stateCode } from '../recording/rules/codes.js';
import type { StoredTask } from '../recording/rules/stored-task.js';
import type { AttemptColumns } from './schema.js';

const COMPLETED = stateCode('completed');
const BY_COMPLETION = outcomeCode('completed');

/** Columns of a completed task that describe the attempt which completed it. */
export type CompletedTask = Pick<StoredTask, 'no' | 'worker' | 'started' | 'finished' | 'attempt_version'>;

/** Whether the row of the task describes everything about this attempt. */
export function isCompletedBy(task: StoredTask, attempt: AttemptColumns): boolean {
  return (
    attempt.number === 1 &&
    attempt.outcome === BY_COMPLETION &&
    attempt.error_message === null &&
    attempt.started !== null &&
    task.state === COMPLETED &&
    task.started === attempt.started &&
    task.finished === attempt.finished &&
    task.worker === attempt.worker
  );
}

/** The attempt that the row of the task describes. */
export function completedAttempt({
  no,
  worker,
  started,
  finished,
  attempt_version,
}: CompletedTask): AttemptColumns {
  return {
    ...{ task: no, number: 1, worker, started, finished, outcome: BY_COMPLETION },
    ...{ error_name: null, error_message: null, stack: null, error_more: null },
    version: attempt_version || null,
  };
}
