import type { AttemptView, TaskFailure } from '../contract/task-view.js';
import type { JobRecord } from './job-record.js';
import { iso, toFailure } from './to-task-view.js';

/** The latest attempts shown of a task; more than this is a damaged count rather than a patient task. */
const MAX_SHOWN = 1000;

/** Name of the hash field that keeps one attempt; `n` is BullMQ's count of starts, from 1. */
export function attemptField(n: number): string {
  return `roost:attempt:${n}`;
}

/** What such a field keeps: written at the first report of an attempt and again when it fails. */
export interface StoredAttempt {
  worker: string;
  /** ms */
  startedAt: number;
  finishedAt?: number;
  outcome?: 'failed' | 'completed' | 'cancelled';
  error?: TaskFailure;
  /** APP_VERSION of the worker. */
  version?: string;
}

/** One run, as far as it is known. Times in ms. */
export interface KnownAttempt {
  number: number;
  worker: string | undefined;
  startedAt: number | undefined;
  finishedAt: number | undefined;
  outcome: AttemptView['outcome'] | undefined;
  error: TaskFailure | undefined;
  version: string | undefined;
}

type AttemptedJob = Pick<JobRecord, 'state' | 'ats' | 'pb' | 'processedOn' | 'finishedOn' | 'failedReason'>;

/**
 * The attempts of a task, oldest first. Those that failed were written down as they ended; the last
 * one stands in the job itself; one that neither ended nor is the last was lost with its worker.
 *
 * `kept`: what stands in the job of attempt n, `stacktrace`: in its field of that name.
 */
export function knownAttempts(
  job: AttemptedJob,
  kept: (n: number) => string | undefined,
  stacktrace: string | undefined,
): KnownAttempt[] {
  const counted = Number(job.ats ?? 0);
  const starts = Number.isSafeInteger(counted) ? counted : 0;
  const attempts: KnownAttempt[] = [];
  for (let n = Math.max(1, starts - MAX_SHOWN + 1); n <= starts; n++) {
    const stored = parseStored(kept(n));
    attempts.push(n === starts ? lastAttempt(n, job, stored, stacktrace) : earlierAttempt(n, stored));
  }
  return attempts;
}

/** The same for the API. */
export function toAttempts(record: JobRecord, hash: Record<string, string>): AttemptView[] {
  return knownAttempts(record, (n) => hash[attemptField(n)], hash.stacktrace).map(toView);
}

/** The attempt that ended last, to be kept when a retry clears the job's own fields; `kept` is what is there of it. */
export function endedAttempt(
  record: JobRecord,
  stacktrace: string | null,
  kept?: string | null,
): StoredAttempt | undefined {
  if (!record.processedOn) return undefined;
  const version = parseStored(kept ?? undefined)?.version;
  const outcome =
    record.state === 'failed' ? 'failed' : record.state === 'completed' ? 'completed' : 'cancelled';
  return {
    worker: record.pb ?? '',
    startedAt: Number(record.processedOn),
    ...(record.finishedOn ? { finishedAt: Number(record.finishedOn) } : {}),
    outcome,
    ...(outcome === 'failed' ? { error: toFailure(record.failedReason, lastStack(stacktrace)) } : {}),
    ...(version ? { version } : {}),
  };
}

/** BullMQ keeps the stacks of all attempts as one JSON array. */
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
  stored: StoredAttempt | undefined,
  stacktrace: string | undefined,
): KnownAttempt {
  const { state } = job;
  // Ended and waiting for the next one.
  if (stored?.outcome && state !== 'completed' && state !== 'failed') return fromStored(number, stored);
  return {
    number,
    worker: (job.pb ?? stored?.worker) || undefined,
    // Not a number in a damaged hash: as good as not known.
    startedAt: Number(job.processedOn ?? stored?.startedAt) || undefined,
    finishedAt: (state !== 'active' && Number(job.finishedOn)) || undefined,
    outcome: state === 'active' ? undefined : outcomeOf(job),
    error: state === 'failed' ? toFailure(job.failedReason, lastStack(stacktrace ?? null)) : undefined,
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
    ...(startedAt ? { startedAt: iso(startedAt) } : {}),
    ...(finishedAt ? { finishedAt: iso(finishedAt) } : {}),
    ...(finishedAt && startedAt ? { runMs: Math.max(0, finishedAt - startedAt) } : {}),
    ...(outcome ? { outcome } : {}),
    ...(error ? { error } : {}),
    ...(version ? { version } : {}),
  };
}

function parseStored(json: string | undefined): StoredAttempt | undefined {
  if (json === undefined) return undefined;
  try {
    const stored = JSON.parse(json) as StoredAttempt | null;
    return typeof stored?.startedAt === 'number' ? stored : undefined;
  } catch {
    return undefined;
  }
}
