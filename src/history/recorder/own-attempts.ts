import { attemptField, toAttempts } from '../../queue/attempts.js';
import type { JobRecord } from '../../queue/job-record.js';
import type { AttemptRow, TaskRef } from '../store/rows.js';
import type { JobSnapshot } from './read-jobs.js';

/** Our workers write down every attempt in the job itself: what is told here is what the API tells. */
export function ownAttempts(ref: TaskRef, job: JobSnapshot): AttemptRow[] {
  const hash: Record<string, string> = {};
  job.attempts.forEach((json, i) => {
    if (json !== '') hash[attemptField(job.firstAttempt + i)] = json;
  });
  if (job.fields.stacktrace !== undefined) hash.stacktrace = job.fields.stacktrace;
  const record = { ...ref, ...job.fields, state: job.state } as unknown as JobRecord;
  return toAttempts(record, hash).map(({ startedAt, finishedAt, runMs: _, ...attempt }) => ({
    ...ref,
    ...attempt,
    ...(startedAt === undefined ? {} : { startedAt: Date.parse(startedAt) }),
    ...(finishedAt === undefined ? {} : { finishedAt: Date.parse(finishedAt) }),
  }));
}

/** Whether the job's attempts are written down in it, as our workers do. */
export function keepsAttempts(job: JobSnapshot): boolean {
  return job.attempts.some((json) => json !== '') || job.data?.startsWith('{"roost":1,') === true;
}
