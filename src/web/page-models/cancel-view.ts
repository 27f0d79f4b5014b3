import { isSettled } from '../../contract/states.js';
import type { TaskView } from '../../contract/task-view.js';
import { formatDuration } from './format.js';

/** What is known of how a task type runs. */
export interface TypeFacts {
  isolate: boolean;
  /** ms an isolated handler gets to end by itself. */
  cancelGraceMs: number;
}

/** The form that cancels a task, with the words that depend on how it runs. */
export interface CancelView {
  label: string;
  what: string;
  /** Absent while the task does not run: then it ends at once anyway. */
  force?: { label: string; hint: string };
  button: string;
}

/** A task that runs on though it is to be cancelled. */
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
  if (isSettled(task.state)) return undefined;
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
  if (isSettled(task.state) || !task.cancelRequested) return undefined;
  const { note, ...request } = task.cancelRequested;
  return { ...request, note: note ?? toNote(type) };
}

/** What `force` does where the handler does not let go. */
function toForce(type: TypeFacts | undefined): NonNullable<CancelView['force']> {
  if (!type)
    return {
      label: 'By force',
      hint: 'Its process is killed where it has one of its own; else nobody waits for it.',
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
  return 'Its handler has been asked to stop and has not yet. It cannot be killed where it runs; forced, nobody waits for it any more.';
}
