import {
  decodeFields,
  JOB_FIELDS,
  type FullRecord,
  type TaskRecord,
} from '../../src/bullmq/codec/task-record.js';

/** Hash of a job, as text, and what the readers add to it. */
export type StoredJob = { [field in (typeof JOB_FIELDS)[number]]?: string } & {
  data?: string;
  returnvalue?: string;
  'roost:cancel'?: string;
  stacktrace?: string;
} & Partial<Pick<TaskRecord, 'id' | 'queue' | 'state' | 'delayUntil' | 'dataCut' | 'resultCut' | 'failure'>>;

/** Decodes a job as the readers do. */
export function decodeJob(job: StoredJob, more: Partial<FullRecord> = {}): FullRecord {
  const { data, returnvalue: result, failure } = job;
  return {
    id: job.id ?? 'j1',
    queue: job.queue ?? 'default',
    state: job.state ?? 'waiting',
    delayUntil: job.delayUntil ?? 0,
    ...decodeFields(
      JOB_FIELDS.map((name) => job[name]),
      0,
    ),
    data,
    dataBytes: Buffer.byteLength(data ?? ''),
    dataCut: job.dataCut ?? false,
    result,
    resultBytes: Buffer.byteLength(result ?? ''),
    resultCut: job.resultCut ?? false,
    cancelRequest: job['roost:cancel'],
    ...(failure ? { failure } : {}),
    stacktrace: job.stacktrace,
    firstAttempt: 1,
    attempts: [],
    firstLine: 0,
    lines: [],
    ...more,
  };
}
