import { RoostError } from '../model/errors.js';
import type { TaskState } from '../model/states.js';

const VERBS = {
  cancel: { done: 'cancelled', rule: 'Only tasks that have not finished can be cancelled.' },
  retry: {
    done: 'retried',
    rule: 'Only failed, cancelled and expired tasks can be retried; submit a completed one again instead.',
  },
  promote: { done: 'promoted', rule: 'Only delayed tasks can be promoted.' },
  delete: { done: 'deleted', rule: 'A running task cannot be deleted; cancel it first.' },
};

export type Verb = keyof typeof VERBS;

/** Formats the message for a command that the task's state does not allow. */
export function formatStateConflict(verb: Verb, state: TaskState): string {
  const { done, rule } = VERBS[verb];
  return `The task is ${state}, so it cannot be ${done}. ${rule}`;
}

/** Creates the error for a command that the task's state does not allow. */
export function stateConflict(verb: Verb, state: TaskState): RoostError {
  return new RoostError('TASK_STATE_CONFLICT', formatStateConflict(verb, state), undefined, { state });
}
