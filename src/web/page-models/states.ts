import type { TaskState } from '../../contract/states.js';

/** The icon that stands beside the word of each state: colour never speaks alone. */
export const STATE_ICONS: Record<TaskState, string> = {
  waiting: 'hourglass',
  delayed: 'alarm-clock',
  active: 'loader',
  completed: 'circle-check',
  failed: 'circle-x',
  cancelled: 'ban',
  expired: 'timer-off',
};

/** What each act applies to; the service has the last word. */
/** In lists: a running one is cancelled on its own page, where force can be chosen. */
export const CANCELLABLE: readonly TaskState[] = ['waiting', 'delayed'];
export const RETRYABLE: readonly TaskState[] = ['failed', 'cancelled', 'expired'];
export const PROMOTABLE: readonly TaskState[] = ['delayed'];

/** An active task is in a worker's hands and cannot be deleted under it. */
export const DELETABLE: readonly TaskState[] = [
  'waiting',
  'delayed',
  'completed',
  'failed',
  'cancelled',
  'expired',
];
