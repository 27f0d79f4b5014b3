import { toProgress, toFailure } from '../../queue/to-task-view.js';
import { lastStack } from '../../queue/attempts.js';
import type { JobEnvelope } from '../../queue/job-envelope.js';
import { isSettled } from '../../contract/states.js';
import type { TaskRef, TaskRow } from '../store/rows.js';
import type { JobSnapshot } from './read-jobs.js';

/** A job as the history keeps it: the same rules as `toTaskView`, without taking JSON apart that is only passed on. */
export function toTaskRow(ref: TaskRef, job: JobSnapshot): TaskRow {
  const { state, fields } = job;
  const opts = toObject(fields.opts) as { attempts?: unknown; delay?: unknown };
  const createdAt = numberOf(fields.timestamp);
  const started = numberOf(fields.processedOn);
  const finished = numberOf(fields.finishedOn);
  const ready = Math.max((createdAt ?? 0) + (Number(opts.delay) || 0), numberOf(fields['roost:queued']) ?? 0);
  const mark = state === 'cancelled' ? (toObject(fields['roost:mark']) as Mark) : undefined;
  const ran = (state === 'completed' || state === 'failed') && started && finished;
  return {
    ...ref,
    state,
    type: fields.name ?? '',
    ...(createdAt === undefined ? {} : { createdAt }),
    ...toInput(job),
    ...(state === 'completed' ? toResult(job) : {}),
    error: state === 'failed' ? withoutStack(job) : null,
    progress: toProgress(toValue(fields.progress)),
    attemptsMade: numberOf(fields.atm) ?? numberOf(fields.attemptsMade) ?? 0,
    attemptsMax: Math.max(1, Math.floor(Number(opts.attempts)) || 1),
    priority: numberOf(fields.priority) ?? 0,
    options: fields.opts === undefined || fields.opts === '{}' ? null : fields.opts,
    delayUntil: state === 'delayed' ? job.delayUntil : null,
    startedAt: started || null,
    finishedAt: finished && isSettled(state) ? finished : null,
    waitMs: started ? ((numberOf(fields.ats) ?? 1) <= 1 ? Math.max(0, started - ready) : undefined) : null,
    runMs: ran ? Math.max(0, finished - started) : null,
    worker: fields.pb || null,
    cancelled: mark
      ? {
          by: String(mark.by ?? ''),
          at: Number(mark.at) || 0,
          ...(mark.reason ? { reason: String(mark.reason) } : {}),
        }
      : null,
  } as TaskRow;
}

interface Mark {
  by?: unknown;
  at?: unknown;
  reason?: unknown;
}

const INPUT = ',"input":';

/** The input stands last in our envelope, so it is cut out rather than parsed; another program's data is all input. */
function toInput({ data, dataBytes }: JobSnapshot): Partial<TaskRow> {
  if (data === undefined) return {};
  const isWhole = Buffer.byteLength(data) >= dataBytes;
  const at = data.startsWith('{"roost":1,') ? data.indexOf(INPUT) : -1;
  // Without members of ours the input follows the mark at once.
  const end = isWhole && data.endsWith('}') ? -1 : undefined;
  if (at < 0) return { input: data, inputBytes: dataBytes };
  const head = toObject(`${data.slice(0, at)}}`) as Partial<JobEnvelope>;
  const input = data.slice(at + INPUT.length, end);
  return {
    input,
    inputBytes: dataBytes - Buffer.byteLength(data.slice(0, at + INPUT.length)) - 1,
    tags: Array.isArray(head.tags) ? head.tags.map(String) : [],
    expiresAt: typeof head.expiresAt === 'number' ? head.expiresAt : null,
    origin: head.origin ? String(head.origin) : null,
  };
}

function toResult({ result, resultBytes }: JobSnapshot): Partial<TaskRow> {
  return { result: result === '' ? null : result, resultBytes };
}

function withoutStack({ fields }: JobSnapshot): { name: string; message: string } {
  const { name, message } = toFailure(
    fields.failedReason,
    lastStack(fields.stacktrace ?? null),
    fields['roost:error'],
  );
  return { name, message };
}

function toValue(json: string | undefined): unknown {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

function toObject(json: string | undefined): object {
  const value = toValue(json);
  return typeof value === 'object' && value !== null ? value : {};
}

function numberOf(text: string | undefined): number | undefined {
  const value = text === undefined ? NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}
