import { isFinished } from '../../model/states.js';
import { hasOwnAttempts, ownAttempts } from '../../bullmq/codec/attempts.js';
import {
  followAttempts,
  NO_ATTEMPTS,
  observedAttempts,
  type AttemptTail,
} from '../../bullmq/codec/observed-attempts.js';
import type { FullRecord } from '../../bullmq/codec/task-record.js';
import { addTransitions, settlingsOf, transitionsOf } from '../../bullmq/codec/transitions.js';
import { toFailure, toProgress } from '../../bullmq/codec/to-task-view.js';
import { parseStored } from '../../bullmq/codec/parse-stored-json.js';
import type { ProgressRow, RecordBatch, TaskRef, TaskRow } from '../ports/rows.js';
import { toLogRows } from './log-rows.js';
import { stateAfter, type TaskEvent } from '../../bullmq/codec/task-event.js';
import { toTaskRow } from './task-row.js';

/** One task's part of a batch. */
export interface TaskChanges {
  ref: TaskRef;
  /** Oldest first; empty when the job was found in one of the queue's sets. */
  events: readonly TaskEvent[];
  /** The job after the last event, or later; undefined when it is gone. */
  job: FullRecord | undefined;
  /** Belongs to a queue of this Roost, whose workers record attempts in the job. */
  isOurs: boolean;
  tail: AttemptTail;
  /** The history does not know the task yet. */
  isNew: boolean;
  /** Time of the last recorded progress sample, ms. */
  lastSampleAt: number;
  /** Progress that came too soon after that sample; recorded if the task ends without another one. */
  pendingSample?: TaskEvent | undefined;
}

/** State to remember until the task's next event. */
export interface TaskAfter {
  tail: AttemptTail;
  lastSampleAt: number;
  pendingSample?: TaskEvent | undefined;
}

/** Minimum distance of two samples of one task, ms. */
const SAMPLE_MS = 1000;

export function emptyBatch(): RecordBatch {
  return { cursors: {}, tasks: [], attempts: [], transitions: [], logs: [], progress: [], removed: [] };
}

/** Adds the new rows of a task to `batch`. A pure mapping. */
export function addRows(batch: RecordBatch, changes: TaskChanges, readAt: number): TaskAfter {
  const { ref, events, job } = changes;
  const moved = findMoves(ref, events, job);
  if (moved.length > 0) batch.moved = [...(batch.moved ?? []), ...moved];
  if (!job && moved.length > 0) {
    // The queue it is in now records its row.
    addTransitions(batch.transitions, ref, events, job, []);
    return { tail: NO_ATTEMPTS, lastSampleAt: 0 };
  }
  const tail = addAttempts(batch, changes);
  const task = job ? toTaskRow(job) : fromEvents(ref, events, tail);
  if (task) {
    if (events.length > 0) Object.assign(task, settlingsOf(events));
    batch.tasks.push(task);
  }
  if (job && job.lines.length > 0) batch.logs.push(...toLogRows(job, readAt));
  // The task is counted all the same.
  if (!job && endsRemoved(events)) batch.removed.push(ref);
  return { tail, ...addProgress(batch.progress, changes) };
}

/** Whether a user deleted the task: a job that Redis has under its id is a different one, added since. */
export function endsRemoved(events: readonly TaskEvent[]): boolean {
  const last = events.at(-1);
  return last?.name === 'removed' && !last.prev.startsWith('moved:');
}

/** Moves between queues, from either side: the queue that is read first carries the task's past along. */
function findMoves(
  { queue, id }: TaskRef,
  events: readonly TaskEvent[],
  job: FullRecord | undefined,
): { queue: string; id: string; to: string }[] {
  if (!events.some(({ prev }) => prev.startsWith('moved:'))) return [];
  const other = ({ prev }: TaskEvent) =>
    prev.startsWith('moved:') ? prev.slice('moved:'.length) : undefined;
  if (!job) {
    const last = events.findLast(({ name }) => name === 'removed');
    const to = last && other(last);
    return to === undefined ? [] : [{ queue, id, to }];
  }
  return events.flatMap((event) => {
    const from = event.name === 'removed' ? undefined : other(event);
    return from === undefined ? [] : [{ queue: from, id, to: queue }];
  });
}

function addAttempts(batch: RecordBatch, changes: TaskChanges): AttemptTail {
  const { ref, events, job, isOurs, tail, isNew } = changes;
  if (events.length === 0) {
    if (!job) return tail;
    batch.attempts.push(...(isOurs || hasOwnAttempts(job) ? ownAttempts(job) : observedAttempts(job)));
    // A known finished task is recorded as finished, so that its event counts nothing when it arrives later.
    if (isNew) batch.transitions.push(...transitionsOf(job));
    else if (isFinished(job.state)) batch.transitions.push(...transitionsOf(job).slice(-1));
    return { ...tail, starts: job.starts ?? 0, isOpen: job.state === 'active' };
  }
  if (job && (isOurs || hasOwnAttempts(job))) {
    const attempts = ownAttempts(job);
    const starts = job.starts ?? 0;
    batch.attempts.push(...attempts);
    addTransitions(batch.transitions, ref, events, job, numberStarts(events, job));
    if (events.some(({ prev }) => prev === 'held'))
      batch.dropped = [...(batch.dropped ?? []), { ...ref, after: starts }];
    const failures = attempts.filter(({ outcome }) => outcome === 'failed').length;
    return { starts, isOpen: job.state === 'active', failures };
  }
  const hasFirst = events.some(({ name }) => name === 'added');
  const followed = followAttempts(ref, events, job, tail, isNew && !hasFirst);
  batch.attempts.push(...followed.rows);
  addTransitions(batch.transitions, ref, events, job, followed.numbers);
  return followed.tail;
}

/**
 * Attempt numbers of the starts among these events: the last start is the job's last, unless a limit held it back.
 */
function numberStarts(events: readonly TaskEvent[], job: FullRecord): number[] {
  const numbers: number[] = [];
  let number = job.starts ?? 0;
  for (let i = events.length - 1; i >= 0; i--) {
    const isStart = number > 0 && events[i]!.name === 'active' && events[i + 1]?.prev !== 'held';
    numbers[i] = isStart ? number-- : 0;
  }
  return numbers;
}

/**
 * Row of a job that was gone before it could be read, as far as its events describe it; undefined when they give no
 * state. `tail`: its known attempts after the events.
 */
function fromEvents(
  ref: TaskRef,
  events: readonly TaskEvent[],
  { starts, failures }: AttemptTail,
): TaskRow | undefined {
  const last = events.findLast(({ name }) => stateAfter(name) !== undefined);
  const added = events.find(({ name }) => name === 'added');
  const state = last ? stateAfter(last.name) : added && 'waiting';
  if (state === undefined) return undefined;
  const started = events.findLast(({ name }) => name === 'active')?.at;
  const end = isFinished(state) ? last! : undefined;
  return {
    ...ref,
    state,
    ...(added ? { createdAt: added.at, ...(added.value ? { type: added.value } : {}) } : {}),
    ...(started ? { startedAt: started } : {}),
    ...(started && added && starts === 1 ? { waitMs: Math.max(0, started - added.at) } : {}),
    ...(end ? { finishedAt: end.at } : {}),
    ...(end && started && (state === 'completed' || state === 'failed')
      ? { runMs: Math.max(0, end.at - started) }
      : {}),
    ...(state === 'completed' ? { result: end!.value, attemptsMade: failures + 1 } : {}),
    ...(state === 'failed' ? { error: plainFailure(end!.value), attemptsMade: failures } : {}),
    ...(state === 'delayed' && Number(last?.value) ? { delayUntil: Number(last!.value) } : {}),
  };
}

function plainFailure(reason: string): { name: string; message: string } {
  const { name, message } = toFailure(reason, undefined);
  return { name, message };
}

function addProgress(
  rows: ProgressRow[],
  { ref, events, job, lastSampleAt, pendingSample }: TaskChanges,
): Pick<TaskAfter, 'lastSampleAt' | 'pendingSample'> {
  let last = lastSampleAt;
  let pending = pendingSample;
  const sample = (event: TaskEvent) => {
    const progress = toProgress(parseStored(event.value));
    if (progress) rows.push({ ...ref, ...progress, at: event.at });
  };
  for (const event of events) {
    if (event.name !== 'progress') continue;
    if (event.at - last >= SAMPLE_MS) {
      sample(event);
      last = event.at;
      pending = undefined;
    } else pending = event;
  }
  // The last progress is always recorded, however soon it follows the one before. The event of the end may come in a
  // later read than the progress, when the job shows the end already.
  const isOver =
    (job && isFinished(job.state)) || events.some(({ name }) => name === 'completed' || name === 'failed');
  if (pending && isOver) sample(pending);
  return { lastSampleAt: last, pendingSample: isOver ? undefined : pending };
}
