import { TASK_STATES, type TaskState } from '../contract/states.js';
import type { BulkAction } from '../history/store/bulk-store.js';

/** States a task can be in for an action to apply to it. */
const APPLIES: Record<BulkAction, readonly TaskState[]> = {
  retry: ['failed', 'cancelled', 'expired'],
  cancel: ['waiting', 'delayed', 'active'],
  delete: TASK_STATES.filter((state) => state !== 'active'),
  move: ['waiting', 'delayed'],
};

export function applies(action: BulkAction, state: TaskState): boolean {
  return APPLIES[action].includes(state);
}

/** Why tasks of a state are left as they are. */
export function whyNot(action: BulkAction, state: TaskState): string {
  if (action === 'retry') {
    return state === 'completed' ? 'they went well; submit them again instead' : 'they have not ended';
  }
  if (action === 'delete') return 'a running task cannot be deleted; cancel it first';
  return state === 'active' ? 'they run already' : 'they have ended';
}
