import type { TaskView } from '../../model/task-view.js';
import { attemptNow } from '../kit/task-row.js';

/** A sentence on how the task goes on. */
export interface NextStep {
  text: string;
  /** Time in the text. */
  at?: string;
}

/** Explains a state that has no error and no list of waiting reasons. */
export interface StateNote extends NextStep {
  title: string;
  by?: string;
  byAt?: string;
}

export function toNextStep(task: TaskView): NextStep | undefined {
  const { made, max } = task.attempts;
  if (task.state === 'delayed' && made > 0) {
    return { text: `Attempt ${made + 1} of ${max} is due`, at: task.delayUntil };
  }
  if (task.state === 'waiting' && made > 0)
    return { text: `Attempt ${made + 1} of ${max} waits for its turn.` };
  if (task.state === 'active')
    return { text: `Attempt ${attemptNow(task)} of ${max} is running now; this is what the one before met.` };
  if (task.state !== 'failed' || task.source) return undefined;
  if (made < max || task.error?.name === 'PermanentError') {
    return {
      text: `Not tried again after attempt ${made} of ${max}: the same input would fail the same way. Submit it again with edits.`,
    };
  }
  return max === 1
    ? { text: 'It had one attempt. Retry runs it again as it is; with edits you can change its input first.' }
    : {
        text: `All ${max} attempts were made. Retry runs it again as it is; with edits you can change its input first.`,
      };
}

export function toStateNote(task: TaskView): StateNote | undefined {
  if (task.state === 'cancelled') {
    const { by, at, reason } = task.cancelled ?? {};
    return { title: 'Cancelled', text: reason ?? 'No reason was given.', by, byAt: at };
  }
  if (task.state === 'expired') {
    return { title: 'Expired', text: 'No worker started it before its expiry, so it never ran.' };
  }
  if (task.attempts.made > 0) return undefined;
  if (task.state === 'waiting') {
    return {
      title: 'Waiting',
      text: `It is in the queue ${task.queue}. The reason why it does not run yet could not be loaded.`,
    };
  }
  if (task.state === 'waiting-children')
    return {
      title: 'Waiting for children',
      text: 'It is ready to run when all its children have ended well.',
    };
  return task.state === 'delayed'
    ? { title: 'Not yet', text: 'It becomes ready to run', at: task.delayUntil }
    : undefined;
}
