import type { TaskState } from '../../contract/states.js';

/** What can be done to a task of another program, as it is in Redis now. */
export interface ForeignActsOffered {
  retry: boolean;
  promote: boolean;
  remove: boolean;
}

export const NONE_OFFERED: ForeignActsOffered = { retry: false, promote: false, remove: false };

/** BullMQ knows of failed and delayed jobs; what Redis has dropped (undefined) can still go out of the history. */
export function toForeignActs(state: TaskState | undefined): ForeignActsOffered {
  return { retry: state === 'failed', promote: state === 'delayed', remove: state !== 'active' };
}
