import { isFinished } from '../model/states.js';
import type { AttemptView, TaskView, TransitionView } from '../model/task-view.js';

/** Derives the transitions of a task from its own fields and attempts, oldest first. */
export function toTransitions(task: TaskView, attempts: AttemptView[]): TransitionView[] {
  const isParent = task.state === 'waiting-children' && attempts.length === 0;
  const found: TransitionView[] = [
    { at: task.createdAt, state: isParent ? task.state : 'waiting', detail: 'submitted' },
  ];
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
  const waitsAgain = task.state === 'waiting' || task.state === 'waiting-children';
  if (task.state === 'delayed' || (waitsAgain && last.state === 'active')) {
    const failed = attempts.at(-1)?.finishedAt;
    const detail = task.delayUntil ? `until ${task.delayUntil}` : undefined;
    found.push({ at: failed ?? task.createdAt, state: task.state, ...(detail ? { detail } : {}) });
  }
  if (task.finishedAt && isFinished(task.state)) {
    const detail = task.error?.message ?? task.cancelled?.reason;
    found.push({ at: task.finishedAt, state: task.state, ...(detail ? { detail } : {}) });
  }
  return found;
}
