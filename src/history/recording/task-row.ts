import { failureCodes } from '../../model/failure.js';
import { toProgress } from '../../bullmq/codec/to-task-view.js';
import { lastFailure } from '../../bullmq/codec/attempts.js';
import type { JobEnvelope } from '../../bullmq/codec/job-envelope.js';
import { isFinished } from '../../model/states.js';
import type { TaskRef, TaskRow } from '../ports/rows.js';
import type { JobSnapshot } from './read-jobs.js';
import { parseStored } from '../../bullmq/codec/parse-stored-json.js';

/** Converts a job to its row by the rules of `toTaskView`, without parsing JSON that is only passed on. */
export function toTaskRow({ queue, id }: TaskRef, job: JobSnapshot): TaskRow {
  const { state, fields } = job;
  const opts = toObject(fields.opts) as { attempts?: unknown; delay?: unknown };
  const createdAt = numberOf(fields.timestamp);
  const started = numberOf(fields.processedOn);
  const finished = numberOf(fields.finishedOn);
  const ready = Math.max((createdAt ?? 0) + (Number(opts.delay) || 0), numberOf(fields['roost:queued']) ?? 0);
  const ran = (state === 'completed' || state === 'failed') && started && finished;
  const isDone = state === 'completed';
  const input = toInput(job);
  return {
    queue,
    id,
    state,
    type: fields.name ?? '',
    createdAt,
    input: input?.json,
    inputBytes: input?.bytes,
    tags: input?.tags,
    expiresAt: input?.expiresAt,
    origin: input?.origin,
    result: isDone ? job.result || null : undefined,
    resultBytes: isDone ? job.resultBytes : undefined,
    error: state === 'failed' ? errorOf(job) : null,
    progress: fields.progress === undefined ? null : toProgress(parseStored(fields.progress)),
    attemptsMade: numberOf(fields.atm) ?? numberOf(fields.attemptsMade) ?? 0,
    attemptsMax: Math.max(1, Math.floor(Number(opts.attempts)) || 1),
    priority: numberOf(fields.priority) ?? 0,
    options: fields.opts === undefined || fields.opts === '{}' ? null : fields.opts,
    delayUntil: state === 'delayed' ? job.delayUntil : null,
    startedAt: started || null,
    finishedAt: finished && isFinished(state) ? finished : null,
    waitMs: started ? ((numberOf(fields.ats) ?? 1) <= 1 ? Math.max(0, started - ready) : undefined) : null,
    runMs: ran ? Math.max(0, finished - started) : null,
    worker: fields.pb || null,
    cancelled: state === 'cancelled' ? toCancelled(fields['roost:mark']) : null,
  };
}

interface Mark {
  by?: unknown;
  at?: unknown;
  reason?: unknown;
}

function toCancelled(json: string | undefined): TaskRow['cancelled'] {
  if (json === undefined) return null;
  const { by, at, reason } = toObject(json) as Mark;
  return {
    by: String(by ?? ''),
    at: Number(at) || 0,
    ...(reason ? { reason: String(reason) } : {}),
  };
}

const INPUT = ',"input":';

interface Input {
  json: string;
  bytes: number;
  tags: string[] | undefined;
  expiresAt: number | null | undefined;
  origin: string | null | undefined;
}

/** Cuts out the input rather than parsing it: it comes last in our envelope. Another program's data is all input. */
function toInput({ data, dataBytes }: JobSnapshot): Input | undefined {
  if (data === undefined) return undefined;
  const at = data.startsWith('{"roost":1,') ? data.indexOf(INPUT) : -1;
  if (at < 0)
    return { json: data, bytes: dataBytes, tags: undefined, expiresAt: undefined, origin: undefined };
  const isWhole = Buffer.byteLength(data) >= dataBytes;
  // Without tags and other members the input directly follows the mark.
  const end = isWhole && data.endsWith('}') ? -1 : undefined;
  const start = at + INPUT.length;
  const head = toObject(`${data.slice(0, at)}}`) as Partial<JobEnvelope>;
  return {
    json: data.slice(start, end),
    bytes: dataBytes - Buffer.byteLength(data.slice(0, start)) - 1,
    tags: Array.isArray(head.tags) ? head.tags.map(String) : [],
    expiresAt: typeof head.expiresAt === 'number' ? head.expiresAt : null,
    origin: head.origin ? String(head.origin) : null,
  };
}

/** The last attempt has the rest of the error. */
function errorOf({ fields, attempts }: JobSnapshot): TaskRow['error'] {
  const failure = lastFailure(fields, attempts.at(-1) || undefined, fields.stacktrace);
  const { name, message } = failure;
  const codes = failureCodes(failure);
  return { name, message, ...(codes.length > 0 ? { codes } : {}) };
}

function toObject(json: string | undefined): object {
  const value = parseStored(json);
  return typeof value === 'object' && value !== null ? value : {};
}

function numberOf(text: string | undefined): number | undefined {
  const value = text === undefined ? NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}
