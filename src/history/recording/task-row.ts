import { lastFailure } from '../../bullmq/codec/attempts.js';
import { cutEnvelope } from '../../bullmq/codec/job-envelope.js';
import { parseStored } from '../../bullmq/codec/parse-stored-json.js';
import { decodeMark, deriveFacts, type FullRecord } from '../../bullmq/codec/task-record.js';
import { toProgress } from '../../bullmq/codec/to-task-view.js';
import { failureCodes } from '../../model/failure.js';
import type { TaskRow } from '../ports/rows.js';

/** Converts a record to its row, without parsing JSON that is only passed on. */
export function toTaskRow(record: FullRecord): TaskRow {
  const { queue, id, state, options, progress, startedAt: started } = record;
  const { attempts, waitMs, runMs, finishedAt } = deriveFacts(record);
  const isDone = state === 'completed';
  return {
    queue,
    id,
    state,
    type: record.type,
    createdAt: record.createdAt,
    ...toInput(record),
    result: isDone ? record.result || null : undefined,
    resultBytes: isDone ? record.resultBytes : undefined,
    error: state === 'failed' ? errorOf(record) : null,
    progress: progress === undefined ? null : toProgress(parseStored(progress)),
    attemptsMade: attempts.made,
    attemptsMax: attempts.max,
    priority: record.priority ?? 0,
    options: options === undefined || options === '{}' ? null : options,
    delayUntil: state === 'delayed' ? record.delayUntil : null,
    startedAt: started || null,
    finishedAt: finishedAt ?? null,
    // A later start leaves the time that its first start had.
    waitMs: started ? waitMs : null,
    runMs: runMs ?? null,
    worker: record.worker ?? null,
    cancelled: (state === 'cancelled' && decodeMark(record.mark)) || null,
  };
}

type InputColumns = Pick<TaskRow, 'input' | 'inputBytes' | 'tags' | 'expiresAt' | 'origin'>;

const UNKNOWN_INPUT: InputColumns = {
  input: undefined,
  inputBytes: undefined,
  tags: undefined,
  expiresAt: undefined,
  origin: undefined,
};

function toInput({ data, dataBytes }: FullRecord): InputColumns {
  if (data === undefined) return UNKNOWN_INPUT;
  const cut = cutEnvelope(data);
  if (!cut) return { ...UNKNOWN_INPUT, input: data, inputBytes: dataBytes };
  const { rest, inputAt, facts } = cut;
  const isWhole = Buffer.byteLength(data) >= dataBytes;
  return {
    input: isWhole && data.endsWith('}') ? rest.slice(0, -1) : rest,
    inputBytes: dataBytes - Buffer.byteLength(data.slice(0, inputAt)) - 1,
    tags: facts.tags,
    expiresAt: facts.expiresAt ?? null,
    origin: facts.origin ?? null,
  };
}

/** The last attempt has the rest of the error. */
function errorOf(record: FullRecord): TaskRow['error'] {
  const failure = lastFailure(record, record.attempts.at(-1) || undefined, record.stacktrace);
  const { name, message } = failure;
  const codes = failureCodes(failure);
  return { name, message, ...(codes.length > 0 ? { codes } : {}) };
}
