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

/**
 * The attempts of a task, oldest first. Those that failed were written down as they ended; the last
 * one stands in the job itself; one that neither ended nor is the last was lost with its worker.
 */
export function toAttempts(record: JobRecord, hash: Record<string, string>): AttemptView[] {
  const counted = Number(record.ats ?? 0);
  const starts = Number.isSafeInteger(counted) ? counted : 0;
  const attempts: AttemptView[] = [];
  for (let n = Math.max(1, starts - MAX_SHOWN + 1); n <= starts; n++) {
    const stored = parseStored(hash[attemptField(n)]);
    const isLast = n === starts;
    attempts.push(isLast ? lastAttempt(n, record, hash, stored) : earlierAttempt(n, stored));
  }
  return attempts;
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

function earlierAttempt(number: number, stored: StoredAttempt | undefined): AttemptView {
  if (!stored) return { number, outcome: 'lost' };
  return { ...toView(number, stored), outcome: stored.outcome ?? 'lost' };
}

function lastAttempt(
  number: number,
  record: JobRecord,
  hash: Record<string, string>,
  stored: StoredAttempt | undefined,
): AttemptView {
  // Ended and waiting for the next one.
  if (stored?.outcome && record.state !== 'completed' && record.state !== 'failed')
    return toView(number, stored);
  // Not a number in a damaged hash: as good as not known.
  const startedAt = Number(record.processedOn ?? stored?.startedAt) || 0;
  const ended = record.state !== 'active' && record.finishedOn ? Number(record.finishedOn) : undefined;
  return {
    ...toView(number, {
      worker: record.pb ?? stored?.worker ?? '',
      startedAt,
      ...(ended ? { finishedAt: ended } : {}),
      ...(stored?.version ? { version: stored.version } : {}),
    }),
    ...(record.state === 'active' ? {} : { outcome: outcomeOf(record) }),
    ...(record.state === 'failed'
      ? { error: toFailure(record.failedReason, lastStack(hash.stacktrace ?? null)) }
      : {}),
  };
}

function outcomeOf(record: JobRecord): NonNullable<AttemptView['outcome']> {
  const { state } = record;
  if (state === 'completed' || state === 'failed' || state === 'cancelled' || state === 'expired')
    return state;
  return 'lost';
}

function toView(number: number, stored: StoredAttempt): AttemptView {
  return {
    number,
    ...(stored.worker ? { worker: stored.worker } : {}),
    ...(stored.startedAt ? { startedAt: iso(stored.startedAt) } : {}),
    ...(stored.finishedAt
      ? {
          finishedAt: iso(stored.finishedAt),
          ...(stored.startedAt ? { runMs: Math.max(0, stored.finishedAt - stored.startedAt) } : {}),
        }
      : {}),
    ...(stored.outcome ? { outcome: stored.outcome } : {}),
    ...(stored.error ? { error: stored.error } : {}),
    ...(stored.version ? { version: stored.version } : {}),
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
