/**
 * States of a task, the same word in code, pages, API and docs. BullMQ has neither `cancelled` nor `expired`, and its
 * `prioritized` is `waiting` here; only `bullmq/` maps between the two. The parent of a flow is in `waiting-children`
 * until all its children have completed.
 */
export const TASK_STATES = [
  'waiting',
  'delayed',
  'waiting-children',
  'active',
  'completed',
  'failed',
  'cancelled',
  'expired',
] as const;

export type TaskState = (typeof TASK_STATES)[number];

/** States that only a retry can leave. */
export const FINISHED_STATES = [
  'completed',
  'failed',
  'cancelled',
  'expired',
] as const satisfies readonly TaskState[];

export function isFinished(state: TaskState): boolean {
  return (FINISHED_STATES as readonly TaskState[]).includes(state);
}

export type StateCounts = Record<TaskState, number>;
