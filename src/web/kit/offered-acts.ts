import { applies } from '../../bulk-actions/bulk-rules.js';
import { isFinished } from '../../model/states.js';
import type { TaskView } from '../../model/task-view.js';
import { BULK_ACTIONS, type BulkAction } from '../../history/ports/bulk-store.js';
import { isAllowed, type JobCommands } from '../../tasks/job-commands.js';
import { DELETABLE, PROMOTABLE, RETRYABLE } from './states.js';

/** Actions that a task's page offers: those that would not be refused. */
export interface OfferedActs {
  cancel: boolean;
  retry: boolean;
  /** `copy`: runs a copy of the job instead, because the job is the next run of a schedule. */
  promote: boolean | 'copy';
  remove: boolean;
}

/**
 * @param acts of tasks for which more than their state decides: those of other programs, flows and schedules.
 */
export function toOffered(task: TaskView, acts: JobCommands | undefined): OfferedActs {
  const live = !task.source;
  if (acts && isForeignView(task)) {
    const { retry, promote, remove } = acts;
    return {
      cancel: false,
      retry: isAllowed(retry),
      promote: promote === 'copy' ? promote : isAllowed(promote),
      remove: isAllowed(remove),
    };
  }
  return {
    cancel: live && (acts ? isAllowed(acts.cancel) : !isFinished(task.state)),
    retry: live && RETRYABLE.includes(task.state),
    promote: live && (acts?.promote === 'copy' ? 'copy' : PROMOTABLE.includes(task.state)),
    remove: !isForeignView(task) && (acts ? isAllowed(acts.remove) : !live || DELETABLE.includes(task.state)),
  };
}

/**
 * Returns the bulk actions that apply to a task of the list. Bulk actions skip tasks of other programs.
 * @param acts from `TaskCommands.commandsOfListed`; undefined if the state alone decides.
 */
export function toBulkOffered(task: TaskView, acts: JobCommands | undefined): BulkAction[] {
  if (isForeignView(task)) return [];
  const { cancel, retry, remove } = toOffered(isDropped(acts) ? { ...task, source: 'history' } : task, acts);
  const offered: Record<BulkAction, boolean> = {
    retry,
    cancel,
    delete: remove,
    // A part of a flow or a schedule can be neither moved nor cancelled.
    move: cancel,
  };
  return BULK_ACTIONS.filter((action) => offered[action] && applies(action, task.state));
}

/** Returns true if Redis no longer has the task. */
function isDropped(acts: JobCommands | undefined): boolean {
  return typeof acts?.retry === 'object' && acts.retry.reason === 'dropped';
}

/** Recognizes tasks of other programs: their links name the queue. */
export function isForeignView({ links }: TaskView): boolean {
  return links.page.includes('?');
}
