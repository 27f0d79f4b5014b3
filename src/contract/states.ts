/**
 * The states of a task, the same word in code, pages, API and docs.
 *
 * BullMQ knows neither `cancelled` nor `expired`, and its `prioritized` shows here as `waiting`;
 * `queue/` is the one place that maps between the two.
 */
export const TASK_STATES = [
  'waiting',
  'delayed',
  'active',
  'completed',
  'failed',
  'cancelled',
  'expired',
] as const;

export type TaskState = (typeof TASK_STATES)[number];

/** A task in one of these never changes again by itself; only a retry brings it back. */
export const SETTLED_STATES = [
  'completed',
  'failed',
  'cancelled',
  'expired',
] as const satisfies readonly TaskState[];

export function isSettled(state: TaskState): boolean {
  return (SETTLED_STATES as readonly TaskState[]).includes(state);
}

export type StateCounts = Record<TaskState, number>;
