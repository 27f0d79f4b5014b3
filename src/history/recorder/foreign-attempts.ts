import { toFailure } from '../../queue/to-task-view.js';
import type { TaskFailure } from '../../contract/task-view.js';
import type { AttemptRow, TaskRef } from '../store/rows.js';
import type { AttemptTail } from '../store/recording-engine.js';
import type { JobSnapshot } from './read-jobs.js';
import type { StreamEvent } from './stream-event.js';

/**
 * The attempts of another program's job. BullMQ keeps the last one only, so the others are told by the events: each
 * `active` begins one. What the events lack (worker, stacks) the job knows, as long as it is there.
 *
 * `numbers`: of the attempt each event is about, 0 for none. `tail` is carried on from one batch to the next. `isNew`: no event of this job was read before, and none of these is its
 * first one; then the job's own count of starts says where we are.
 */
export function followAttempts(
  ref: TaskRef,
  events: readonly StreamEvent[],
  job: JobSnapshot | undefined,
  tail: AttemptTail,
  isNew: boolean,
): { rows: AttemptRow[]; tail: AttemptTail; numbers: number[] } {
  const counted = job ? Number(job.fields.ats) || 0 : undefined;
  const rows: AttemptRow[] = [];
  const numbers: number[] = events.map(() => 0);
  let { starts, isOpen, failures } = tail;
  let endedAt = 0;
  if (isNew && counted !== undefined) {
    const begun = events.filter(({ name }) => name === 'active').length;
    starts = Math.max(starts, counted - begun);
    failures = Math.max(failures, Math.min(starts, failedOf(job!) - begun));
  }

  /** The last start of all is the one the job's own fields are about. */
  const own = (number: number): Partial<AttemptRow> =>
    job && (counted === number || counted === 0)
      ? {
          ...(job.fields.pb ? { worker: job.fields.pb } : {}),
          // By the worker's clock, which may be behind that of the events.
          ...(Number(job.fields.processedOn) >= endedAt ? { startedAt: Number(job.fields.processedOn) } : {}),
        }
      : {};
  const close = (event: StreamEvent, i: number, more: Partial<AttemptRow>) => {
    if (!isOpen && (counted === undefined || starts < counted)) starts++;
    if (starts === 0) return;
    isOpen = false;
    const known = own(starts);
    endedAt = event.at;
    rows.push({ ...ref, number: starts, ...known, finishedAt: event.at, ...more });
    numbers[i] = starts;
  };
  const fail = (event: StreamEvent, i: number) => {
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
        // Beyond the job's own count: told before, by what was read after a gap.
        if (counted !== undefined && counted > 0 && starts >= counted) break;
        starts++;
        isOpen = true;
        rows.push({ ...ref, number: starts, startedAt: event.at, ...own(starts) });
        numbers[i] = starts;
        break;
      case 'stalled':
        close(event, i, { outcome: 'lost' });
        break;
      case 'waiting':
      case 'delayed': {
        if (event.name === 'waiting' && event.prev !== 'active') {
          // Put back by hand: its attempts are counted anew.
          if (event.prev === 'failed' && (Number(job?.fields.atm) || 0) < failures) failures = 0;
          break;
        }
        // Moved by its own worker, or by the stall check, which says so next.
        if (!isOpen || next?.name === 'stalled' || event.prev === 'held') break;
        if (!job || failedOf(job) > failures) fail(event, i);
        else close(event, i, {});
        break;
      }
      case 'completed':
        close(event, i, { outcome: 'completed', ...endOf(job, 'completed', event) });
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

/** What a job says of its attempts that no event was read of. */
export function attemptsOf(ref: TaskRef, job: JobSnapshot): AttemptRow[] {
  const starts = Number(job.fields.ats) || 0;
  if (starts === 0) return [];
  const stacks = stacksOf(job);
  const isFailed = job.state === 'failed';
  const rows: AttemptRow[] = [];
  // One stack for each start: all of them failed, and we know which is whose.
  if (stacks.length === (isFailed ? starts : starts - 1)) {
    stacks.slice(0, starts - 1).forEach((stack, i) => {
      rows.push({ ...ref, number: i + 1, outcome: 'failed', error: failureIn(stack) });
    });
  }
  const started = Number(job.fields.processedOn);
  const finished = Number(job.fields.finishedOn);
  rows.push({
    ...ref,
    number: starts,
    ...(job.fields.pb ? { worker: job.fields.pb } : {}),
    ...(started ? { startedAt: started } : {}),
    ...(finished ? { finishedAt: finished } : {}),
    ...(job.state === 'completed' ? { outcome: 'completed' as const } : {}),
    ...(isFailed
      ? { outcome: 'failed' as const, error: toFailure(job.fields.failedReason, stacks.at(-1)) }
      : {}),
  });
  return rows;
}

function endOf(job: JobSnapshot | undefined, state: string, event: StreamEvent): { finishedAt: number } {
  const finished = job?.state === state ? Number(job.fields.finishedOn) : NaN;
  return { finishedAt: finished || event.at };
}

/** Attempts that failed; BullMQ counts those made, and the one that went well is the last. */
function failedOf({ state, fields }: JobSnapshot): number {
  const made = fields.atm ?? fields.attemptsMade;
  // Versions that do not count.
  if (made === undefined) return Infinity;
  return (Number(made) || 0) - (state === 'completed' ? 1 : 0);
}

/** The failure number `before` + 1 of a job, from the stacks it keeps: the last few. */
function failureOf(before: number, event: StreamEvent, job: JobSnapshot | undefined): TaskFailure {
  if (!job) return toFailure(event.name === 'failed' ? event.value : undefined, undefined);
  const stacks = stacksOf(job);
  const failed = failedOf(job);
  const fromEnd = failed === Infinity ? 0 : Math.max(0, failed - before - 1);
  const stack = stacks.at(-1 - fromEnd);
  if (event.name === 'failed') return toFailure(event.value || job.fields.failedReason, stack);
  if (fromEnd === 0 && job.fields.failedReason !== undefined && job.state !== 'failed')
    return toFailure(job.fields.failedReason, stack);
  return stack === undefined ? { name: 'Error', message: 'Not known any more.' } : failureIn(stack);
}

/** The message is all before the first frame. */
function failureIn(stack: string): TaskFailure {
  const at = stack.search(/\n {4}at /);
  const head = at < 0 ? stack : stack.slice(0, at);
  const named = /^[A-Za-z_$][\w$]*(?:: |$)/.exec(head)?.[0] ?? '';
  return toFailure(head.slice(named.length) || head, stack);
}

function stacksOf(job: JobSnapshot): string[] {
  try {
    const stacks: unknown = JSON.parse(job.fields.stacktrace ?? '[]');
    return Array.isArray(stacks) ? stacks.filter((stack) => typeof stack === 'string') : [];
  } catch {
    return [];
  }
}
