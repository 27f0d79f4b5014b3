import { TASK_STATES, type TaskState } from '../model/states.js';
import type { BulkAction } from '../history/ports/bulk-store.js';

/** States to which each action applies. */
const APPLIES: Record<BulkAction, readonly TaskState[]> = {
  retry: ['failed', 'cancelled', 'expired'],
  cancel: ['waiting', 'delayed', 'active'],
  delete: TASK_STATES.filter((state) => state !== 'active' && state !== 'waiting-children'),
  move: ['waiting', 'delayed'],
};

export function applies(action: BulkAction, state: TaskState): boolean {
  return APPLIES[action].includes(state);
}

/** Explains why an action does not apply to tasks of a state. */
export function whyNot(action: BulkAction, state: TaskState): string {
  if (action === 'retry') {
    return state === 'completed' ? 'they have completed; submit them again instead' : 'they have not ended';
  }
  if (state === 'waiting-children')
    return 'they are parts of flows, which only the program that created them can change';
  if (action === 'delete') return 'a running task cannot be deleted; cancel it first';
  return state === 'active' ? 'they are running' : 'they have ended';
}
