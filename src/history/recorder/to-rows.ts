import { isSettled } from '../../contract/states.js';
import { toFailure, toProgress } from '../../queue/to-task-view.js';
import type { AttemptTail } from '../store/recording-engine.js';
import type { ProgressRow, RecordBatch, TaskRef, TaskRow } from '../store/rows.js';
import { attemptsOf, followAttempts } from './foreign-attempts.js';
import { toLogRows } from './log-rows.js';
import { keepsAttempts, ownAttempts } from './own-attempts.js';
import type { JobSnapshot } from './read-jobs.js';
import type { StreamEvent } from './stream-event.js';
import { toTaskRow } from './task-row.js';
import { EVENT_STATES, toTransitions, transitionsOf } from './transitions.js';

/** One task's part of a batch. */
export interface TaskNews {
  ref: TaskRef;
  /** Oldest first; none where the job was found in one of the queue's sets. */
  events: readonly StreamEvent[];
  /** As it was after the last of them, or later; undefined where it is gone. */
  job: JobSnapshot | undefined;
  /** A queue of this Roost: its workers write down what others do not. */
  isOurs: boolean;
  tail: AttemptTail;
  /** Nothing of it is known yet. */
  isNew: boolean;
  /** ms */
  lastSampleAt: number;
}

/** What has to be remembered of it until its next event. */
export interface TaskAfter {
  tail: AttemptTail;
  lastSampleAt: number;
  /** A start that is not one any more: attempts after this number are taken out. */
  dropAttemptsAfter?: number;
}

/** Samples of one task are at least this far apart, ms. */
const SAMPLE_MS = 1000;

export function emptyBatch(): RecordBatch {
  return { cursors: {}, tasks: [], attempts: [], transitions: [], logs: [], progress: [], removed: [] };
}

/** Adds to `batch` what is new about a task. Only data in, only data out. */
export function addRows(batch: RecordBatch, news: TaskNews, readAt: number): TaskAfter {
  const { ref, events, job } = news;
  const moved = movesOf(ref, events, job);
  if (moved.length > 0) batch.moved = [...(batch.moved ?? []), ...moved];
  if (!job && moved.length > 0) {
    // Its row is told by the queue it is in now.
    batch.transitions.push(...toTransitions(ref, events, job, new Map()));
    return { tail: NO_ATTEMPTS, lastSampleAt: 0 };
  }
  if (events.some(({ name }) => name === 'removed') && !job) {
    batch.removed.push(ref);
    return { tail: NO_ATTEMPTS, lastSampleAt: 0 };
  }
  const task = job ? toTaskRow(ref, job) : fromEvents(ref, events);
  if (task) batch.tasks.push(task);
  const after = addAttempts(batch, news);
  if (job) batch.logs.push(...toLogRows(ref, job, readAt));
  const lastSampleAt = addProgress(batch.progress, news);
  return { ...after, lastSampleAt };
}

/** To where it has gone, or from where it came: whichever queue is read first takes its past along. */
function movesOf(
  { queue, id }: TaskRef,
  events: readonly StreamEvent[],
  job: JobSnapshot | undefined,
): { queue: string; id: string; to: string }[] {
  const other = ({ prev }: StreamEvent) =>
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

export const NO_ATTEMPTS: AttemptTail = { starts: 0, isOpen: false, failures: 0 };

function addAttempts(batch: RecordBatch, news: TaskNews): Omit<TaskAfter, 'lastSampleAt'> {
  const { ref, events, job, isOurs, tail, isNew } = news;
  if (events.length === 0) {
    if (!job) return { tail };
    batch.attempts.push(...(isOurs || keepsAttempts(job) ? ownAttempts(ref, job) : attemptsOf(ref, job)));
    if (isNew) batch.transitions.push(...transitionsOf(ref, job));
    return { tail: { ...tail, starts: Number(job.fields.ats) || 0, isOpen: job.state === 'active' } };
  }
  if (job && (isOurs || keepsAttempts(job))) {
    batch.attempts.push(...ownAttempts(ref, job));
    batch.transitions.push(...toTransitions(ref, events, job, countBack(events, job)));
    const isHeld = events.some(({ prev }) => prev === 'held');
    return { tail, ...(isHeld ? { dropAttemptsAfter: Number(job.fields.ats) || 0 } : {}) };
  }
  const hasFirst = events.some(({ name }) => name === 'added');
  const followed = followAttempts(ref, events, job, tail, isNew && !hasFirst);
  batch.attempts.push(...followed.rows);
  batch.transitions.push(...toTransitions(ref, events, job, followed.numbers));
  return { tail: followed.tail };
}

/** Numbers of the starts among these events: the last one is the job's last, unless a limit held it back. */
function countBack(events: readonly StreamEvent[], job: JobSnapshot): Map<StreamEvent, number> {
  const numbers = new Map<StreamEvent, number>();
  let number = Number(job.fields.ats) || 0;
  for (let i = events.length - 1; i >= 0 && number > 0; i--) {
    const event = events[i]!;
    if (event.name === 'active' && events[i + 1]?.prev !== 'held') numbers.set(event, number--);
  }
  return numbers;
}

/** A job that was gone before it could be read: as much as its events tell; undefined where that is no state. */
function fromEvents(ref: TaskRef, events: readonly StreamEvent[]): TaskRow | undefined {
  const last = events.findLast(({ name }) => EVENT_STATES.has(name));
  const added = events.find(({ name }) => name === 'added');
  const state = last ? EVENT_STATES.get(last.name)! : added ? 'waiting' : undefined;
  if (state === undefined) return undefined;
  const started = events.findLast(({ name }) => name === 'active')?.at;
  const end = isSettled(state) ? last! : undefined;
  return {
    ...ref,
    state,
    ...(added ? { createdAt: added.at, ...(added.value ? { type: added.value } : {}) } : {}),
    ...(started ? { startedAt: started } : {}),
    ...(started && added ? { waitMs: Math.max(0, started - added.at) } : {}),
    ...(end ? { finishedAt: end.at } : {}),
    ...(end && started && (state === 'completed' || state === 'failed')
      ? { runMs: Math.max(0, end.at - started) }
      : {}),
    ...(state === 'completed' ? { result: end!.value, attemptsMade: 1 } : {}),
    ...(state === 'failed' ? { error: plainFailure(end!.value) } : {}),
    ...(state === 'delayed' && Number(last?.value) ? { delayUntil: Number(last!.value) } : {}),
  };
}

function plainFailure(reason: string): { name: string; message: string } {
  const { name, message } = toFailure(reason, undefined);
  return { name, message };
}

function addProgress(rows: ProgressRow[], { ref, events, lastSampleAt }: TaskNews): number {
  let last = lastSampleAt;
  let pending: StreamEvent | undefined;
  const sample = (event: StreamEvent) => {
    const progress = toProgress(toValue(event.value));
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
  // The last word counts, however soon after the one before.
  if (pending && events.some(({ name }) => name === 'completed' || name === 'failed')) sample(pending);
  return last;
}

function toValue(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
