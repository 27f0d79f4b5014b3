import { knownAttempts } from '../../queue/attempts.js';
import type { AttemptRow, TaskRef } from '../store/rows.js';
import type { JobSnapshot } from './read-jobs.js';

/** Our workers write down every attempt in the job itself: what is told here is what the API tells. */
export function ownAttempts({ queue, id }: TaskRef, job: JobSnapshot): AttemptRow[] {
  const { state, fields, attempts, firstAttempt } = job;
  const { ats, pb, processedOn, finishedOn, failedReason, stacktrace } = fields;
  const known = { state, ats, pb, processedOn, finishedOn, failedReason };
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

/** Whether the job's attempts are written down in it, as our workers do. */
export function keepsAttempts(job: JobSnapshot): boolean {
  return job.attempts.some((json) => json !== '') || job.data?.startsWith('{"roost":1,') === true;
}
