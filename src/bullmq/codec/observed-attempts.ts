import type { TaskFailure } from '../../model/task-view.js';
import { parseStacks, type TaskAttempt } from './attempts.js';
import type { TaskEvent } from './task-event.js';
import type { FullRecord } from './task-record.js';
import { toFailure } from './to-task-view.js';

/** Known progress of a task's attempts. */
export interface AttemptTail {
  /** Number of the last attempt; 0 for none. */
  starts: number;
  /** The last attempt has not finished. */
  isOpen: boolean;
  failures: number;
}

export const NO_ATTEMPTS: AttemptTail = { starts: 0, isOpen: false, failures: 0 };

/**
 * Derives the attempts of another program's job. BullMQ stores only the last one, so the others come from the events:
 * each `active` begins one. Fields that events lack (worker, stacks) come from the job while it exists.
 * `numbers`: the attempt number of each event, 0 for none. `tail` is carried over from batch to batch. `isNew`: no
 * event of this job was read before, and none of these is its first one; the job's own start counter then gives the
 * position.
 */
export function followAttempts(
  ref: { queue: string; id: string },
  events: readonly TaskEvent[],
  job: FullRecord | undefined,
  tail: AttemptTail,
  isNew: boolean,
): { rows: TaskAttempt[]; tail: AttemptTail; numbers: number[] } {
  const counted = job ? (job.starts ?? 0) : undefined;
  const rows: TaskAttempt[] = [];
  const numbers: number[] = events.map(() => 0);
  let { starts, isOpen, failures } = tail;
  let endedAt = 0;
  if (isNew && counted !== undefined) {
    const begun = events.filter(({ name }) => name === 'active').length;
    starts = Math.max(starts, counted - begun);
    failures = Math.max(failures, Math.min(starts, failureCount(job!) - begun));
  }

  /** The job's own fields describe its last start. */
  const ownFields = (number: number): Partial<TaskAttempt> =>
    job && (counted === number || counted === 0)
      ? {
          ...(job.worker ? { worker: job.worker } : {}),
          // By the worker's clock, which may be behind that of the events.
          ...(job.startedAt !== undefined && job.startedAt >= endedAt ? { startedAt: job.startedAt } : {}),
        }
      : {};
  const close = (event: TaskEvent, i: number, more: Partial<TaskAttempt>) => {
    if (!isOpen && (counted === undefined || starts < counted)) starts++;
    if (starts === 0) return;
    isOpen = false;
    const known = ownFields(starts);
    endedAt = event.at;
    rows.push({ ...ref, number: starts, ...known, finishedAt: event.at, ...more });
    numbers[i] = starts;
  };
  const fail = (event: TaskEvent, i: number) => {
    close(event, i, { outcome: 'failed', error: failureOf(failures, event, job) });
    failures++;
  };

  events.forEach((event, i) => {
    const next = events[i + 1];
    switch (event.name) {
      case 'active':
        // A limit of its type sent it back before it began.
        if (next?.prev === 'held') break;
        if (isOpen) close(event, i, { outcome: 'lost' });
        // Beyond the job's own count: already recorded by a read after a gap.
        if (counted !== undefined && counted > 0 && starts >= counted) break;
        starts++;
        isOpen = true;
        rows.push({ ...ref, number: starts, startedAt: event.at, ...ownFields(starts) });
        numbers[i] = starts;
        break;
      case 'stalled':
        close(event, i, { outcome: 'lost' });
        break;
      case 'waiting-children':
        // The job moved itself back until its children have finished.
        if (isOpen) close(event, i, {});
        break;
      case 'waiting':
      case 'delayed': {
        if (event.name === 'waiting' && event.prev !== 'active') {
          // Retried by hand: BullMQ resets its attempts.
          if (event.prev === 'failed' && (job?.attemptsMade ?? 0) < failures) failures = 0;
          break;
        }
        // Moved by its own worker, or by the stall check, whose `stalled` event follows.
        if (!isOpen || next?.name === 'stalled' || event.prev === 'held') break;
        if (!job || failureCount(job) > failures) fail(event, i);
        else close(event, i, {});
        break;
      }
      case 'completed':
        close(event, i, { outcome: 'completed', ...finishTime(job, 'completed', event) });
        break;
      case 'cancelled':
      case 'expired':
        if (isOpen) close(event, i, { outcome: event.name });
        break;
      case 'failed':
        fail(event, i);
        break;
    }
  });
  return { rows, tail: { starts, isOpen, failures }, numbers };
}

/** Derives attempts from the job alone, when no event of them was read. */
export function observedAttempts(job: FullRecord): TaskAttempt[] {
  const { queue, id, starts = 0, state, startedAt, finishedAt, worker } = job;
  if (starts === 0) return [];
  const stacks = parseStacks(job.stacktrace);
  const isFailed = state === 'failed';
  const attempts: TaskAttempt[] = [];
  // One stack for each start: every start failed, so each stack belongs to a known attempt.
  if (stacks.length === (isFailed ? starts : starts - 1)) {
    stacks.slice(0, starts - 1).forEach((stack, i) => {
      attempts.push({ queue, id, number: i + 1, outcome: 'failed', error: failureIn(stack) });
    });
  }
  attempts.push({
    queue,
    id,
    number: starts,
    ...(worker ? { worker } : {}),
    ...(startedAt ? { startedAt } : {}),
    ...(finishedAt ? { finishedAt } : {}),
    ...(state === 'completed' ? { outcome: 'completed' as const } : {}),
    ...(isFailed ? { outcome: 'failed' as const, error: toFailure(job.failedReason, stacks.at(-1)) } : {}),
  });
  return attempts;
}

function finishTime(job: FullRecord | undefined, state: string, event: TaskEvent): { finishedAt: number } {
  return { finishedAt: (job?.state === state && job.finishedAt) || event.at };
}

/** Failed attempts. BullMQ counts all attempts; a successful one is the last. */
function failureCount({ state, attemptsMade }: FullRecord): number {
  // Some versions do not count.
  if (attemptsMade === undefined) return Infinity;
  return attemptsMade - (state === 'completed' ? 1 : 0);
}

/** Returns failure number `before` + 1 of a job, from the last few stacks it stores. */
function failureOf(before: number, event: TaskEvent, job: FullRecord | undefined): TaskFailure {
  if (!job) return toFailure(event.name === 'failed' ? event.value : undefined, undefined);
  const stacks = parseStacks(job.stacktrace);
  const failed = failureCount(job);
  const fromEnd = failed === Infinity ? 0 : Math.max(0, failed - before - 1);
  const stack = stacks.at(-1 - fromEnd);
  if (event.name === 'failed') return toFailure(event.value || job.failedReason, stack);
  if (fromEnd === 0 && job.failedReason !== undefined && job.state !== 'failed')
    return toFailure(job.failedReason, stack);
  return stack === undefined
    ? { name: 'Error', message: 'The error is no longer available.' }
    : failureIn(stack);
}

/** The message is everything before the first frame. */
function failureIn(stack: string): TaskFailure {
  const at = stack.search(/\n {4}at /);
  const head = at < 0 ? stack : stack.slice(0, at);
  const named = /^[A-Za-z_$][\w$]*(?:: |$)/.exec(head)?.[0] ?? '';
  return toFailure(head.slice(named.length) || head, stack);
}
