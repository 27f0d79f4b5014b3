import { knownAttempts } from '../../bullmq/codec/attempts.js';
import type { AttemptRow, TaskRef } from '../ports/rows.js';
import type { JobSnapshot } from './read-jobs.js';

/** Reads the attempts that our workers record in the job itself, with the same rules as the API. */
export function ownAttempts({ queue, id }: TaskRef, job: JobSnapshot): AttemptRow[] {
  const { state, fields, attempts, firstAttempt } = job;
  const { ats, pb, processedOn, finishedOn, failedReason, stacktrace, 'roost:error': name } = fields;
  const known = { state, ats, pb, processedOn, finishedOn, failedReason, 'roost:error': name };
  return knownAttempts(known, (n) => attempts[n - firstAttempt] || undefined, stacktrace).map((one) => ({
    queue,
    id,
    number: one.number,
    worker: one.worker,
    startedAt: one.startedAt,
    finishedAt: one.finishedAt,
    outcome: one.outcome,
    error: one.error,
    version: one.version,
  }));
}

/** Whether the job's attempts are recorded in the job itself, as our workers do. */
export function storesAttempts(job: JobSnapshot): boolean {
  return job.attempts.some((json) => json !== '') || job.data?.startsWith('{"roost":1,') === true;
}
