import { isFinished, FINISHED_STATES, type TaskState } from '../../model/states.js';
import type { AttemptView, TaskView, TransitionView } from '../../model/task-view.js';
import { withoutTerminalCodes } from '../../model/terminal-codes.js';
import { finishesTask, stateAfter, type TaskEvent } from './task-event.js';
import { parseObject } from './parse-stored-json.js';
import { decodeMark, type TaskRecord } from './task-record.js';

/** A state that a task reached. */
export interface TaskTransition {
  queue: string;
  id: string;
  /** ms */
  at: number;
  /** Second part of the place of its event, -1 if it was derived from the job's fields. */
  seq: number;
  state: TaskState;
  attempt?: number | undefined;
  detail?: string | undefined;
}

/** A finish of a task. */
export interface TaskFinish {
  state: (typeof FINISHED_STATES)[number];
  /** ms */
  at: number;
  /** Run time by the events, ms; null if they do not include the start. */
  runMs: number | null;
  /** Time of a preceding retry among the same events, ms. */
  after?: number;
}

const PUT_BACK_FROM: ReadonlySet<string> = new Set(FINISHED_STATES);

const GONE = 'the job was gone before it could be read: only its events are known';

/**
 * Adds a row for each state reached, with the time of its event. `numbers`: the attempt number of each event, 0 for
 * none.
 */
export function addTransitions(
  rows: TaskTransition[],
  { queue, id }: { queue: string; id: string },
  events: readonly TaskEvent[],
  job: TaskRecord | undefined,
  numbers: readonly number[],
): void {
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    const { name, at, seq } = event;
    const state = stateAfter(name);
    // The stall check emits two events: `waiting`, then the reason.
    if (!state || (name === 'waiting' && events[i + 1]?.name === 'stalled')) continue;
    const detail = detailOf(event, job) ?? (job || !isFinished(state) ? undefined : GONE);
    rows.push({ queue, id, at, seq, state, attempt: numbers[i] || undefined, detail: detail || undefined });
  }
}

/** Returns each finish of the task, including those after it was retried. */
export function settlingsOf(events: readonly TaskEvent[]): { settled: TaskFinish[]; putBackAt?: number } {
  const settled: TaskFinish[] = [];
  let startedAt: number | undefined;
  let putBackAt: number | undefined;
  for (const { name, at, prev } of events) {
    if (name === 'active') startedAt = at;
    if (PUT_BACK_FROM.has(prev) && (name === 'waiting' || name === 'delayed')) putBackAt = at;
    if (!finishesTask({ name })) continue;
    settled.push({
      state: stateAfter(name) as TaskFinish['state'],
      at,
      runMs: startedAt === undefined ? null : at - startedAt,
      ...(putBackAt === undefined ? {} : { after: putBackAt }),
    });
    startedAt = undefined;
  }
  return { settled, ...(putBackAt === undefined ? {} : { putBackAt }) };
}

/** Derives transitions from a job's own fields when there are no events. */
export function transitionsOf(record: TaskRecord): TaskTransition[] {
  const { queue, id, state, starts = 0 } = record;
  const found: TaskTransition[] = [];
  const add = (time: number | undefined, reached: TaskState, attempt?: number) => {
    // Times come from the clocks of several processes: a later transition must not appear earlier.
    const at = time === undefined ? 0 : Math.max(time, found.at(-1)?.at ?? 0);
    if (at > 0) found.push({ queue, id, at, seq: -1, state: reached, ...(attempt ? { attempt } : {}) });
  };
  const isDelayed = state === 'delayed' || Number(parseObject(record.options).delay) > 0;
  const isParent = state === 'waiting-children' && starts === 0;
  add(record.createdAt, isParent ? state : isDelayed ? 'delayed' : 'waiting');
  add(record.startedAt, 'active', starts);
  if (isFinished(state)) add(record.finishedAt, state);
  return found;
}

function detailOf({ name, prev, value }: TaskEvent, job: TaskRecord | undefined): string | undefined {
  switch (name) {
    case 'waiting':
      if (prev.startsWith('moved:')) return `moved from ${prev.slice('moved:'.length)}`;
      if (PUT_BACK_FROM.has(prev)) return `put back from ${prev}`;
      if (prev === 'waiting-children') return 'its children are done';
      return undefined;
    case 'waiting-children':
      return 'waits for its children';
    case 'stalled':
      return 'its worker was lost';
    case 'delayed':
      if (prev.startsWith('moved:')) return `moved from ${prev.slice('moved:'.length)}`;
      return prev === 'held' ? 'held back by a limit of its type' : undefined;
    case 'failed':
      return value ? withoutTerminalCodes(value).slice(0, 200) : undefined;
    case 'cancelled':
    case 'expired':
      return reasonOf(job?.mark);
    default:
      return undefined;
  }
}

function reasonOf(mark: string | undefined): string {
  const { by, reason } = decodeMark(mark) ?? {};
  return [by && by !== 'roost' ? `by ${by}` : '', reason].filter(Boolean).join(': ');
}

/** Derives the transitions that a view and its attempts show, oldest first. */
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
