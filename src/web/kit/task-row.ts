import type { TaskState } from '../../model/states.js';
import type { TaskView } from '../../model/task-view.js';
import { toJson } from '../../model/lenient-json.js';
import { isOurQueue } from '../../history/to-task-view.js';
import type { JobCommands } from '../../tasks/job-commands.js';
import { shortId } from './format.js';
import { toBulkOffered } from './offered-acts.js';
import { CANCELLABLE, RETRYABLE } from './states.js';

/** Task as one row of a list. */
export interface TaskRow {
  /** Id of the element. The same task has the same element in every redraw. */
  elementId: string;
  id: string;
  short: string;
  href: string;
  type: string;
  state: TaskState;
  preview: string;
  result?: string;
  /** True for a task of another program, which can only be viewed. */
  foreign: boolean;
  /** Value of its checkbox. */
  ref: string;
  tags: string[];
  priority?: number;
  queue: string;
  worker?: string;
  attempts: string;
  waitMs?: number;
  runMs?: number;
  /** Time of the last finished run, else of the submission. */
  at: string;
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
  delayUntil?: string;
  percent?: number;
  problem?: string;
  cancel?: string;
  retry?: string;
  /** Bulk actions that apply to it, separated by spaces. */
  bulk: string;
  /** Page to return to after an action on the row. */
  back: string;
}

/** Returns the number of attempts including the running one: `made` counts an attempt when it ends. */
export function attemptNow({ state, attempts }: TaskView): number {
  return state === 'active' ? Math.min(attempts.made + 1, attempts.max) : attempts.made;
}

/** @param acts of tasks for which more than their state decides, see `TaskCommands.commandsOfListed`. */
export function toTaskRow(task: TaskView, back: string, acts?: JobCommands): TaskRow {
  const href = task.links.page;
  const foreign = !isOurQueue(task.queue);
  const bulk = foreign ? [] : toBulkOffered(task, acts);
  const act = (verb: 'cancel' | 'retry', states: readonly TaskState[]) =>
    bulk.includes(verb) && states.includes(task.state) ? `${href}/${verb}` : undefined;
  return {
    elementId: foreign ? `row-${task.queue}/${task.id}` : `row-${task.id}`,
    id: task.id,
    short: shortId(task.id),
    href,
    type: task.type,
    state: task.state,
    preview: task.inputPreview ?? (task.input === undefined ? '' : toJson(task.input).slice(0, 200)),
    result: task.result === undefined ? undefined : toJson(task.result).slice(0, 200),
    foreign,
    ref: `${task.queue}/${task.id}`,
    tags: task.tags,
    priority: task.priority || undefined,
    queue: task.queue,
    worker: task.worker,
    attempts: `${attemptNow(task)}/${task.attempts.max}`,
    waitMs: task.waitMs,
    runMs: task.runMs,
    at: task.finishedAt ?? task.createdAt,
    createdAt: task.createdAt,
    startedAt: task.startedAt,
    finishedAt: task.finishedAt,
    delayUntil: task.state === 'delayed' ? task.delayUntil : undefined,
    percent: task.state === 'active' ? (task.progress?.percent ?? undefined) : undefined,
    problem: task.state === 'failed' && task.error ? task.error.message : undefined,
    cancel: act('cancel', CANCELLABLE),
    retry: act('retry', RETRYABLE),
    bulk: bulk.join(' '),
    back,
  };
}
