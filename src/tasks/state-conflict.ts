import { RoostError } from '../contract/errors.js';
import type { TaskState } from '../contract/states.js';

const VERBS = {
  cancel: { done: 'cancelled', rule: 'Only tasks that are not settled can be cancelled.' },
  retry: {
    done: 'retried',
    rule: 'Only failed, cancelled and expired tasks can be retried; submit a completed one again instead.',
  },
  promote: { done: 'promoted', rule: 'Only delayed tasks can be promoted.' },
  delete: { done: 'deleted', rule: 'A running task cannot be deleted; cancel it first.' },
};

/** Said where a task is in a state that does not allow what was asked. */
export function stateConflict(verb: keyof typeof VERBS, state: TaskState): RoostError {
  const { done, rule } = VERBS[verb];
  return new RoostError(
    'TASK_STATE_CONFLICT',
    `The task is ${state}, so it cannot be ${done}. ${rule}`,
    undefined,
    { state },
  );
}
