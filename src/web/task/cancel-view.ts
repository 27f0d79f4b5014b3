import { isFinished } from '../../model/states.js';
import type { TaskView } from '../../model/task-view.js';
import { formatDuration } from '../kit/format.js';

/** Known facts about how a task type runs. */
export interface TypeFacts {
  isolate: boolean;
  /** Grace period of an isolated handler, ms. */
  cancelGraceMs: number;
}

/** Form that cancels a task, with texts that depend on how it runs. */
export interface CancelView {
  label: string;
  what: string;
  /** Absent if the task does not run: it then ends at once anyway. */
  force?: { label: string; hint: string };
  button: string;
}

/** Running task with a pending cancel request. */
export interface Cancelling {
  by: string;
  at: string;
  reason?: string;
  note: string;
}

export function toCancelView(
  task: Pick<TaskView, 'state' | 'cancelRequested'>,
  type: TypeFacts | undefined,
): CancelView | undefined {
  if (isFinished(task.state)) return undefined;
  if (task.state !== 'active') {
    return {
      label: 'Cancel',
      what: 'The task will not run. It stays in the list as cancelled.',
      button: 'Cancel this task',
    };
  }
  const again = task.cancelRequested !== undefined;
  return {
    label: again ? 'Cancel again' : 'Cancel',
    what: 'Its handler is asked to stop. It ends as cancelled and is not tried again.',
    force: toForce(type),
    button: again ? 'Ask again' : 'Cancel this task',
  };
}

export function toCancelling(task: TaskView, type: TypeFacts | undefined): Cancelling | undefined {
  if (isFinished(task.state) || !task.cancelRequested) return undefined;
  const { note, ...request } = task.cancelRequested;
  return { ...request, note: note ?? toNote(type) };
}

/** Describes the effect of `force` on a handler that ignores the abort. */
function toForce(type: TypeFacts | undefined): NonNullable<CancelView['force']> {
  if (!type)
    return {
      label: 'By force',
      hint: 'Its process is killed if its type is isolated; else the worker stops waiting for it.',
    };
  return type.isolate
    ? {
        label: 'Kill it at once',
        hint: `It runs in a process of its own: without this it gets ${formatDuration(type.cancelGraceMs)} to end by itself.`,
      }
    : {
        label: 'Do not wait for it',
        hint: 'It runs inside the worker and cannot be killed. With this its slot is free at once, but its code may go on unseen.',
      };
}

function toNote(type: TypeFacts | undefined): string {
  if (type?.isolate) {
    return `Its handler has been asked to stop and is killed ${formatDuration(type.cancelGraceMs)} later; forced, at once.`;
  }
  return 'Its handler has been asked to stop and still runs. It cannot be killed; if forced, the worker stops waiting for it.';
}
