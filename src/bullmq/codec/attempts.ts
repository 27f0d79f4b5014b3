import { readFailure } from '../../model/failure.js';
import type { TaskState } from '../../model/states.js';
import type { AttemptView, TaskFailure } from '../../model/task-view.js';
import { parseStored } from './parse-stored-json.js';
import { hasIssuedForm } from '../task-ids.js';
import { hasEnvelope } from './job-envelope.js';
import type { FullRecord, TaskRecord } from './task-record.js';
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

/** One attempt of a task. Times in ms. */
export interface TaskAttempt {
  queue: string;
  id: string;
  number: number;
  worker?: string | undefined;
  startedAt?: number | undefined;
  finishedAt?: number | undefined;
  /** Missing while it runs. */
  outcome?: AttemptView['outcome'];
  error?: TaskFailure | undefined;
  version?: string | undefined;
}

/**
 * Attempts of a task as our workers record them in its hash, oldest first. A failed attempt was stored when it ended; the
 * last attempt is described by the job itself; an earlier attempt without an outcome was lost with its worker.
 *
 * `stored` returns the raw field of attempt n, `stacktrace` is the job's field of that name.
 */
export function knownAttempts(
  record: TaskRecord,
  stored: (n: number) => string | undefined,
  stacktrace: string | undefined,
): TaskAttempt[] {
  const starts = Number.isSafeInteger(record.starts) ? record.starts! : 0;
  const attempts: TaskAttempt[] = [];
  for (let n = Math.max(1, starts - MAX_SHOWN_ATTEMPTS + 1); n <= starts; n++) {
    const json = stored(n);
    attempts.push(
      n === starts ? lastAttempt(n, record, json, stacktrace) : earlierAttempt(n, record, parseAttempt(json)),
    );
  }
  return attempts;
}

/** Attempts that our workers recorded in the job itself. */
export function ownAttempts(record: FullRecord): TaskAttempt[] {
  const { attempts, firstAttempt, stacktrace } = record;
  return knownAttempts(record, (n) => attempts[n - firstAttempt] || undefined, stacktrace);
}

/** True if the job's attempts are recorded in the job itself, as our workers do. */
export function hasOwnAttempts({ id, attempts, data }: FullRecord): boolean {
  return hasIssuedForm(id) || hasEnvelope(data) || attempts.some((json) => json !== '');
}

/** Attempts of a task as the API shows them. */
export function toAttempts(record: TaskRecord, hash: Record<string, string>): AttemptView[] {
  return knownAttempts(record, (n) => hash[attemptField(n)], hash.stacktrace).map(toView);
}

/** Last ended attempt, to be stored when a retry clears the job's own fields; `json` is its raw field so far. */
export function endedAttempt(
  record: TaskRecord,
  stacktrace: string | null,
  json?: string | null,
): StoredAttempt | undefined {
  const { state, startedAt, finishedAt, worker } = record;
  if (!startedAt) return undefined;
  const stored = parseAttempt(json ?? undefined);
  // The task was cancelled while it waited for the next attempt.
  if (stored?.outcome && state !== 'failed') return stored;
  const outcome = state === 'failed' ? 'failed' : state === 'completed' ? 'completed' : 'cancelled';
  const version = stored?.version;
  return {
    worker: worker ?? stored?.worker ?? '',
    startedAt,
    ...(finishedAt ? { finishedAt } : {}),
    outcome,
    ...(outcome === 'failed' ? { error: lastFailure(record, json, stacktrace) } : {}),
    ...(version ? { version } : {}),
  };
}

/** Final error of a failed task: from the field that its worker stored, else from BullMQ's own fields. */
export function lastFailure(
  { failedReason, errorName }: Pick<TaskRecord, 'failedReason' | 'errorName'>,
  json: string | null | undefined,
  stacktrace: string | null | undefined,
): TaskFailure {
  const stack = lastStack(stacktrace ?? null);
  const stored = parseAttempt(json ?? undefined);
  const failure = toFailure(failedReason, stack, stored?.error?.name ?? errorName);
  if (stored?.outcome !== 'failed' || !stored.error) return failure;
  // A lost worker stores nothing, so a stored failure with another message belongs to an earlier event.
  const isLost = failedReason === STALLED_TOO_OFTEN && stored.error.message !== failedReason;
  return isLost ? failure : { ...(stack ? { stack } : {}), ...stored.error };
}

function lastStack(stacktrace: string | null): string | undefined {
  return parseStacks(stacktrace).at(-1);
}

/** Stacks of the last attempts in BullMQ's JSON array. */
export function parseStacks(json: string | null | undefined): string[] {
  const stacks = parseStored(json ?? '[]');
  return Array.isArray(stacks) ? stacks.filter((stack) => typeof stack === 'string') : [];
}

function earlierAttempt(number: number, ref: TaskRecord, stored: StoredAttempt | undefined): TaskAttempt {
  return { ...fromStored(number, ref, stored), outcome: stored?.outcome ?? 'lost' };
}

function lastAttempt(
  number: number,
  record: TaskRecord,
  json: string | undefined,
  stacktrace: string | undefined,
): TaskAttempt {
  const { queue, id, state } = record;
  const stored = parseAttempt(json);
  // The attempt ended and the task waits for the next one. A job that is still active is excluded: its worker has stored
  // the failure and is about to finish the job, which adds the stack of the last attempt.
  if (stored?.outcome && state !== 'completed' && state !== 'failed' && state !== 'active')
    return fromStored(number, record, stored);
  return {
    queue,
    id,
    number,
    worker: record.worker ?? (stored?.worker || undefined),
    startedAt: record.startedAt || stored?.startedAt || undefined,
    finishedAt: (state !== 'active' && record.finishedAt) || undefined,
    outcome: state === 'active' ? undefined : outcomeOf(state),
    error: state === 'failed' ? lastFailure(record, json, stacktrace) : undefined,
    version: stored?.version || undefined,
  };
}

function fromStored(
  number: number,
  { queue, id }: TaskRecord,
  stored: StoredAttempt | undefined,
): TaskAttempt {
  return {
    queue,
    id,
    number,
    worker: stored?.worker || undefined,
    startedAt: stored?.startedAt || undefined,
    finishedAt: stored?.finishedAt || undefined,
    outcome: stored?.outcome,
    error: stored?.error,
    version: stored?.version,
  };
}

function outcomeOf(state: TaskState): NonNullable<AttemptView['outcome']> {
  if (state === 'completed' || state === 'failed' || state === 'cancelled' || state === 'expired')
    return state;
  return 'lost';
}

function toView(attempt: TaskAttempt): AttemptView {
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
