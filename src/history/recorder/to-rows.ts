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
import { addTransitions, EVENT_STATES, settlingsOf, transitionsOf } from './transitions.js';

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
    addTransitions(batch.transitions, ref, events, job, []);
    return { tail: NO_ATTEMPTS, lastSampleAt: 0 };
  }
  const tail = addAttempts(batch, news);
  const task = job ? toTaskRow(ref, job) : fromEvents(ref, events, tail);
  if (task) {
    if (events.length > 0) Object.assign(task, settlingsOf(events));
    batch.tasks.push(task);
  }
  if (job && job.lines.length > 0) batch.logs.push(...toLogRows(ref, job, readAt));
  // It is counted all the same.
  if (!job && endsRemoved(events)) batch.removed.push(ref);
  return { tail, lastSampleAt: addProgress(batch.progress, news) };
}

/** Somebody deleted it: a job of its id that Redis has is another one, added since. */
export function endsRemoved(events: readonly StreamEvent[]): boolean {
  const last = events.at(-1);
  return last?.name === 'removed' && !last.prev.startsWith('moved:');
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

function addAttempts(batch: RecordBatch, news: TaskNews): AttemptTail {
  const { ref, events, job, isOurs, tail, isNew } = news;
  if (events.length === 0) {
    if (!job) return tail;
    batch.attempts.push(...(isOurs || keepsAttempts(job) ? ownAttempts(ref, job) : attemptsOf(ref, job)));
    // A settled one that is known is told to have settled: its event, should it still come, counts nothing again then.
    if (isNew) batch.transitions.push(...transitionsOf(ref, job));
    else if (isSettled(job.state)) batch.transitions.push(...transitionsOf(ref, job).slice(-1));
    return { ...tail, starts: Number(job.fields.ats) || 0, isOpen: job.state === 'active' };
  }
  if (job && (isOurs || keepsAttempts(job))) {
    const attempts = ownAttempts(ref, job);
    const starts = Number(job.fields.ats) || 0;
    batch.attempts.push(...attempts);
    addTransitions(batch.transitions, ref, events, job, countBack(events, job));
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

/** Numbers of the starts among these events: the last one is the job's last, unless a limit held it back. */
function countBack(events: readonly StreamEvent[], job: JobSnapshot): number[] {
  const numbers: number[] = [];
  let number = Number(job.fields.ats) || 0;
  for (let i = events.length - 1; i >= 0; i--) {
    const isStart = number > 0 && events[i]!.name === 'active' && events[i + 1]?.prev !== 'held';
    numbers[i] = isStart ? number-- : 0;
  }
  return numbers;
}

/**
 * A job that was gone before it could be read: as much as its events tell; undefined where that is no state. `tail`: how
 * far its attempts are known after them.
 */
function fromEvents(
  ref: TaskRef,
  events: readonly StreamEvent[],
  { starts, failures }: AttemptTail,
): TaskRow | undefined {
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
