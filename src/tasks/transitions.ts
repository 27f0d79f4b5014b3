import { isSettled } from '../contract/states.js';
import type { AttemptView, TaskView, TransitionView } from '../contract/task-view.js';

/** The way a task took, oldest first, as far as the task itself still tells. */
export function toTransitions(task: TaskView, attempts: AttemptView[]): TransitionView[] {
  const found: TransitionView[] = [{ at: task.createdAt, state: 'waiting', detail: 'submitted' }];
  for (const { number, startedAt, finishedAt, outcome, error, worker } of attempts) {
    if (startedAt) {
      found.push({
        at: startedAt,
        state: 'active',
        attempt: number,
        ...(worker ? { detail: `on ${worker}` } : {}),
      });
    }
    if (finishedAt && outcome === 'failed' && number < attempts.length) {
      found.push({
        at: finishedAt,
        state: 'waiting',
        attempt: number,
        detail: error?.message ?? 'attempt failed',
      });
    }
  }
  const last = found.at(-1)!;
  if (task.state === 'delayed' || (task.state === 'waiting' && last.state === 'active')) {
    const failed = attempts.at(-1)?.finishedAt;
    const detail = task.delayUntil ? `until ${task.delayUntil}` : undefined;
    found.push({ at: failed ?? task.createdAt, state: task.state, ...(detail ? { detail } : {}) });
  }
  if (task.finishedAt && isSettled(task.state)) {
    const detail = task.error?.message ?? task.cancelled?.reason;
    found.push({ at: task.finishedAt, state: task.state, ...(detail ? { detail } : {}) });
  }
  return found;
}
