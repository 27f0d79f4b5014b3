import type { TaskState } from '../../contract/states.js';
import type { TaskView } from '../../contract/task-view.js';
import { isOurQueue } from '../../history/to-task-view.js';
import { shortId } from './format.js';
import { CANCELLABLE, RETRYABLE } from './states.js';

/** A task as one line of a list. */
export interface TaskRow {
  /** Id of the element; the same task is the same element from one drawing to the next. */
  elementId: string;
  id: string;
  short: string;
  href: string;
  type: string;
  state: TaskState;
  preview: string;
  result?: string;
  /** Of another program: looked at here, but not acted on. */
  foreign: boolean;
  /** How it is named where it is ticked. */
  ref: string;
  tags: string[];
  priority?: number;
  queue: string;
  worker?: string;
  attempts: string;
  waitMs?: number;
  runMs?: number;
  /** When it ran (last) to an end, else when it was submitted. */
  at: string;
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
  delayUntil?: string;
  percent?: number;
  problem?: string;
  cancel?: string;
  retry?: string;
  /** Where a row's action comes back to. */
  back: string;
}

/** The attempts so far with the one that is running: `made` counts an attempt at its end. */
export function attemptNow({ state, attempts }: TaskView): number {
  return state === 'active' ? Math.min(attempts.made + 1, attempts.max) : attempts.made;
}

export function toTaskRow(task: TaskView, back: string): TaskRow {
  const href = task.links.page;
  const foreign = !isOurQueue(task.queue);
  const act = (verb: string, states: readonly string[]) =>
    !foreign && states.includes(task.state) ? `${href}/${verb}` : undefined;
  return {
    elementId: foreign ? `row-${task.queue}/${task.id}` : `row-${task.id}`,
    id: task.id,
    short: shortId(task.id),
    href,
    type: task.type,
    state: task.state,
    preview: task.inputPreview ?? (task.input === undefined ? '' : JSON.stringify(task.input).slice(0, 200)),
    result: task.result === undefined ? undefined : JSON.stringify(task.result).slice(0, 200),
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
    back,
  };
}
