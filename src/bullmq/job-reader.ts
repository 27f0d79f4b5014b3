import type { Redis } from 'ioredis';
import type { TaskState } from '../model/states.js';
import { decodeFields, JOB_FIELDS, textOf, type FieldValue, type FullRecord } from './codec/task-record.js';
import { MAX_BODY_LENGTH, READ_JOBS } from './scripts/read-jobs.js';

export interface JobRequest {
  /** Name of the queue in the record. */
  queue: string;
  base: string;
  id: string;
  /** Number of lines already known. */
  lines: number;
  needsInput: boolean;
}

export interface JobCommands {
  roostReadJobs(maxBytes: number, jobs: string): Promise<string>;
}
type JobRow = [
  state: TaskState,
  delayUntil: number,
  dataBytes: number,
  resultBytes: number,
  data: string,
  result: string,
  firstAttempt: number,
  attempts: string[] | 0,
  firstLine: number,
  lines: string[] | 0,
  ...fields: FieldValue[],
];

export function withJobCommands<R extends Redis>(redis: R): R & JobCommands {
  redis.defineCommand('roostReadJobs', { numberOfKeys: 0, lua: READ_JOBS });
  return redis as R & JobCommands;
}

/** Jobs per script call: one or two milliseconds of Redis. */
const JOBS_PER_CALL = 60;
const BYTES_PER_CALL = 4_000_000;

/** Reads jobs in full, in the order requested; undefined for a missing one. */
export async function readJobs(
  redis: JobCommands,
  requests: readonly JobRequest[],
): Promise<(FullRecord | undefined)[]> {
  const found = new Array<FullRecord | undefined>(requests.length);
  let open = requests.map((_, i) => i);
  while (open.length > 0) {
    const later: number[] = [];
    // Calls run one after the other: pipelined, Redis would run them without a pause and delay other clients.
    for (let from = 0; from < open.length; from += JOBS_PER_CALL) {
      const chunk = open.slice(from, from + JOBS_PER_CALL);
      const asked: (string | number)[] = [];
      for (const i of chunk) {
        const { base, id, lines, needsInput } = requests[i]!;
        asked.push(base, id, needsInput ? lines : -lines - 1);
      }
      // One argument: the client writes each with a length of its own, which costs more than reading the answer.
      const answer = await redis.roostReadJobs(BYTES_PER_CALL, JSON.stringify(asked));
      const rows = JSON.parse(answer) as (JobRow | 0 | false)[];
      chunk.forEach((i, at) => {
        const row = rows[at];
        if (row === 0) later.push(i);
        else if (row) found[i] = toRecord(row, requests[i]!);
      });
    }
    open = later;
  }
  return found;
}

/** Fields of a row before those of the job's hash. */
const FIRST_FIELD = 10;

function toRecord(row: JobRow, { queue, id, needsInput }: JobRequest): FullRecord {
  const values = row as readonly unknown[] as readonly FieldValue[];
  return {
    id,
    queue,
    state: row[0],
    delayUntil: row[1],
    data: needsInput ? row[4] : undefined,
    dataBytes: row[2],
    dataCut: row[2] > MAX_BODY_LENGTH,
    result: row[5] || undefined,
    resultBytes: row[3],
    resultCut: row[3] > MAX_BODY_LENGTH,
    ...decodeFields(values, FIRST_FIELD),
    stacktrace: textOf(values[FIRST_FIELD + JOB_FIELDS.length]),
    firstAttempt: row[6],
    attempts: row[7] || [],
    firstLine: row[8],
    lines: row[9] || [],
  };
}
