import { readFailure } from '../../model/failure.js';
import type { AttemptView, TaskFailure } from '../../model/task-view.js';
import type { JobRecord } from './job-record.js';
import { formatIso, STALLED_TOO_OFTEN, toFailure } from './to-task-view.js';

/** Latest attempts shown of a task; a higher count is more likely a damaged hash. */
const MAX_SHOWN_ATTEMPTS = 1000;

/** Name of the hash field of one attempt; `n` is BullMQ's count of starts, from 1. */
export function attemptField(n: number): string {
  return `roost:attempt:${n}`;
}

/** Name of the hash field that counts how often a task postponed itself. */
export const POSTPONED_FIELD = 'roost:postponed';

/**
 * Value of an attempt's field, written at the first report of the attempt and again when it fails. The stack of the
 * last attempt is stored in the job alone until a manual retry moves it here.
 */
export interface StoredAttempt {
  worker: string;
  /** ms */
  startedAt: number;
  finishedAt?: number;
  outcome?: 'failed' | 'completed' | 'cancelled' | 'postponed';
  error?: TaskFailure;
  /** APP_VERSION of the worker. */
  version?: string;
}

/** Known facts about one attempt. Times in ms. */
export interface KnownAttempt {
  number: number;
  worker: string | undefined;
  startedAt: number | undefined;
  finishedAt: number | undefined;
  outcome: AttemptView['outcome'] | undefined;
  error: TaskFailure | undefined;
  version: string | undefined;
}

type AttemptedJob = Pick<
  JobRecord,
  'state' | 'ats' | 'pb' | 'processedOn' | 'finishedOn' | 'failedReason' | 'roost:error'
>;

/**
 * Attempts of a task, oldest first. A failed attempt was stored when it ended; the last attempt is described by the job
 * itself; an earlier attempt without an outcome was lost with its worker.
 *
 * `stored` returns the raw field of attempt n, `stacktrace` is the job's field of that name.
 */
export function knownAttempts(
  job: AttemptedJob,
  stored: (n: number) => string | undefined,
  stacktrace: string | undefined,
): KnownAttempt[] {
  const counted = Number(job.ats ?? 0);
  const starts = Number.isSafeInteger(counted) ? counted : 0;
  const attempts: KnownAttempt[] = [];
  for (let n = Math.max(1, starts - MAX_SHOWN_ATTEMPTS + 1); n <= starts; n++) {
    const json = stored(n);
    attempts.push(
      n === starts ? lastAttempt(n, job, json, stacktrace) : earlierAttempt(n, parseAttempt(json)),
    );
  }
  return attempts;
}

/** Attempts of a task as the API shows them. */
export function toAttempts(record: JobRecord, hash: Record<string, string>): AttemptView[] {
  return knownAttempts(record, (n) => hash[attemptField(n)], hash.stacktrace).map(toView);
}

/** Last ended attempt, to be stored when a retry clears the job's own fields; `json` is its raw field so far. */
export function endedAttempt(
  record: JobRecord,
  stacktrace: string | null,
  json?: string | null,
): StoredAttempt | undefined {
  if (!record.processedOn) return undefined;
  const stored = parseAttempt(json ?? undefined);
  const { state } = record;
  // The task was cancelled while it waited for the next attempt.
  if (stored?.outcome && state !== 'failed') return stored;
  const outcome = state === 'failed' ? 'failed' : state === 'completed' ? 'completed' : 'cancelled';
  const version = stored?.version;
  return {
    worker: (record.pb || stored?.worker) ?? '',
    startedAt: Number(record.processedOn),
    ...(record.finishedOn ? { finishedAt: Number(record.finishedOn) } : {}),
    outcome,
    ...(outcome === 'failed' ? { error: lastFailure(record, json, stacktrace) } : {}),
    ...(version ? { version } : {}),
  };
}

/** Final error of a failed task: from the field that its worker stored, else from BullMQ's own fields. */
export function lastFailure(
  { failedReason, 'roost:error': name }: Pick<JobRecord, 'failedReason' | 'roost:error'>,
  json: string | null | undefined,
  stacktrace: string | null | undefined,
): TaskFailure {
  const stack = lastStack(stacktrace ?? null);
  const stored = parseAttempt(json ?? undefined);
  const failure = toFailure(failedReason, stack, stored?.error?.name ?? name);
  if (stored?.outcome !== 'failed' || !stored.error) return failure;
  // A lost worker stores nothing, so a stored failure with another message belongs to an earlier event.
  const isLost = failedReason === STALLED_TOO_OFTEN && stored.error.message !== failedReason;
  return isLost ? failure : { ...(stack ? { stack } : {}), ...stored.error };
}

/** Last stack in BullMQ's JSON array of the stacks of all attempts. */
export function lastStack(stacktrace: string | null): string | undefined {
  try {
    const stacks: unknown = JSON.parse(stacktrace ?? '[]');
    const last: unknown = Array.isArray(stacks) ? stacks.at(-1) : undefined;
    return typeof last === 'string' ? last : undefined;
  } catch {
    return undefined;
  }
}

function earlierAttempt(number: number, stored: StoredAttempt | undefined): KnownAttempt {
  return { ...fromStored(number, stored), outcome: stored?.outcome ?? 'lost' };
}

function lastAttempt(
  number: number,
  job: AttemptedJob,
  json: string | undefined,
  stacktrace: string | undefined,
): KnownAttempt {
  const { state } = job;
  const stored = parseAttempt(json);
  // The attempt ended and the task waits for the next one. A job that is still active is excluded: its worker has stored
  // the failure and is about to finish the job, which adds the stack of the last attempt.
  if (stored?.outcome && state !== 'completed' && state !== 'failed' && state !== 'active')
    return fromStored(number, stored);
  return {
    number,
    worker: (job.pb ?? stored?.worker) || undefined,
    // NaN from a damaged hash counts as unknown.
    startedAt: Number(job.processedOn ?? stored?.startedAt) || undefined,
    finishedAt: (state !== 'active' && Number(job.finishedOn)) || undefined,
    outcome: state === 'active' ? undefined : outcomeOf(job),
    error: state === 'failed' ? lastFailure(job, json, stacktrace) : undefined,
    version: stored?.version || undefined,
  };
}

function fromStored(number: number, stored: StoredAttempt | undefined): KnownAttempt {
  return {
    number,
    worker: stored?.worker || undefined,
    startedAt: stored?.startedAt || undefined,
    finishedAt: stored?.finishedAt || undefined,
    outcome: stored?.outcome,
    error: stored?.error,
    version: stored?.version,
  };
}

function outcomeOf({ state }: AttemptedJob): NonNullable<AttemptView['outcome']> {
  if (state === 'completed' || state === 'failed' || state === 'cancelled' || state === 'expired')
    return state;
  return 'lost';
}

function toView(attempt: KnownAttempt): AttemptView {
  const { number, worker, startedAt, finishedAt, outcome, error, version } = attempt;
  return {
    number,
    ...(worker ? { worker } : {}),
    ...(startedAt ? { startedAt: formatIso(startedAt) } : {}),
    ...(finishedAt ? { finishedAt: formatIso(finishedAt) } : {}),
    ...(finishedAt && startedAt ? { runMs: Math.max(0, finishedAt - startedAt) } : {}),
    ...(outcome ? { outcome } : {}),
    ...(error ? { error } : {}),
    ...(version ? { version } : {}),
  };
}

function parseAttempt(json: string | undefined): StoredAttempt | undefined {
  if (json === undefined) return undefined;
  try {
    const stored = JSON.parse(json) as StoredAttempt | null;
    if (typeof stored?.startedAt !== 'number') return undefined;
    const { error, ...attempt } = stored;
    const failure = readFailure(error);
    return failure ? { ...attempt, error: failure } : attempt;
  } catch {
    return undefined;
  }
}
