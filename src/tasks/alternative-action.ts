import type { TaskView } from '../model/task-view.js';

/** Describes the state of a task that is neither waiting nor delayed, in one sentence. */
export function alternativeAction(task: TaskView): string {
  const { state, startedAt, finishedAt, worker, cancelled } = task;
  switch (state) {
    case 'active':
      return `It is running${startedAt ? ` since ${startedAt}` : ''}${worker ? ` on ${worker}` : ''}.`;
    case 'completed':
      return `It has completed${at(finishedAt)}.`;
    case 'failed':
      return `It has failed${at(finishedAt)}${task.error ? `: ${task.error.message.split('\n', 1)[0]}` : ''}. A retry puts it back into its queue.`;
    case 'cancelled':
      return `It was cancelled${cancelled?.by ? ` by ${cancelled.by}` : ''}${at(finishedAt)}${cancelled?.reason ? `: ${cancelled.reason}` : ''}. A retry puts it back into its queue.`;
    case 'expired':
      return `It expired${at(finishedAt)}: it had not started in time. A retry puts it back into its queue.`;
    default:
      return '';
  }
}

function at(time: string | undefined): string {
  return time ? ` at ${time}` : '';
}
