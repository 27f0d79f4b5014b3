import type { TaskState } from '../../model/states.js';

/** Icon beside the name of each state, so that colour is never the only sign. */
export const STATE_ICONS: Record<TaskState, string> = {
  waiting: 'hourglass',
  delayed: 'alarm-clock',
  'waiting-children': 'network',
  active: 'loader',
  completed: 'circle-check',
  failed: 'circle-x',
  cancelled: 'ban',
  expired: 'timer-off',
};

/**
 * States that each action applies to. The service decides in the end. Parts of flows (`waiting-children`) are
 * left to their program.
 */
/** Actions in lists. A running task is cancelled on its own page, which offers force. */
export const CANCELLABLE: readonly TaskState[] = ['waiting', 'delayed'];
export const RETRYABLE: readonly TaskState[] = ['failed', 'cancelled', 'expired'];
export const PROMOTABLE: readonly TaskState[] = ['delayed'];

/** States that can be deleted. A worker holds an active task, so it cannot. */
export const DELETABLE: readonly TaskState[] = [
  'waiting',
  'delayed',
  'completed',
  'failed',
  'cancelled',
  'expired',
];
