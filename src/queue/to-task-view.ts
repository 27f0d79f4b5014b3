import { sharedNow } from '../contract/clock.js';
import type { TaskState } from '../contract/states.js';
import { isSettled } from '../contract/states.js';
import type { TaskFailure, TaskProgress, TaskView } from '../contract/task-view.js';
import { HIDDEN, redaction } from '../contract/redaction.js';
import { type Scrub, scrubOf } from '../contract/scrub.js';
import { toEnvelope, type JobEnvelope } from './job-envelope.js';
import type { JobRecord } from './job-record.js';
import { parseStored } from './stored-json.js';

/** BullMQ's words for a job whose workers died more often than is allowed. */
const STALLED_TOO_OFTEN = 'job stalled more than allowable limit';
/** Longest input preview in characters. */
const PREVIEW_LENGTH = 160;

/**
 * A BullMQ job as a task: the only place that knows both. Whatever stands in Redis comes out as a view;
 * what is not readable there (another program's job, a damaged hash) is shown as it is, never thrown.
 */
export function toTaskView(record: JobRecord, now: number = sharedNow()): TaskView {
  const { id, queue, state } = record;
  const hidden = redaction();
  const envelope = record.dataCut ? cutEnvelope(record.data) : toEnvelope(parseStored(record.data));
  const input = hidden.apply('input', envelope.input ?? null);
  const opts = (parseStored(record.opts) ?? {}) as { attempts?: number; delay?: number };
  const createdAt = number(record.timestamp) ?? 0;
  const started = number(record.processedOn);
  const finished = number(record.finishedOn);
  const ready = Math.max(createdAt + (opts.delay ?? 0), number(record['roost:queued']) ?? 0);
  const mark = parseStored(record['roost:mark']) as Mark | undefined;
  const request = parseStored(record['roost:cancel']) as Mark | undefined;
  const result =
    state === 'completed' && !record.resultCut ? (parseStored(record.returnvalue) ?? null) : undefined;
  const words = scrubOf({
    ...{ input: envelope.input, result, isInputCut: record.dataCut },
    isResultCut: state === 'completed' && record.resultCut,
  });

  return {
    id,
    type: record.name ?? '',
    queue,
    state,
    ...(record.dataCut
      ? { inputPreview: hidden.concerns('input') ? HIDDEN : preview(record.data) }
      : { input, inputPreview: preview(JSON.stringify(input)) }),
    ...(result === undefined ? {} : { result: words.value(hidden.apply('result', result)) }),
    error:
      state === 'failed'
        ? words.failure(toFailure(record.failedReason, record.stack, record['roost:error']))
        : null,
    progress: words.progress(toProgress(parseStored(record.progress))),
    attempts: { made: number(record.atm) ?? 0, max: Math.max(1, opts.attempts ?? 1) },
    priority: number(record.priority) ?? 0,
    tags: Array.isArray(envelope.tags) ? envelope.tags.map(String) : [],
    createdAt: iso(createdAt),
    ...(state === 'delayed' ? { delayUntil: iso(record.delayUntil) } : {}),
    ...(typeof envelope.expiresAt === 'number' ? { expiresAt: iso(envelope.expiresAt) } : {}),
    ...(started ? { startedAt: iso(started) } : {}),
    ...(finished && isSettled(state) ? { finishedAt: iso(finished) } : {}),
    ...(started && (number(record.ats) ?? 1) <= 1 ? { waitMs: Math.max(0, started - ready) } : {}),
    ...runTime(state, started, finished, now),
    ...(record.pb ? { worker: record.pb } : {}),
    ...(envelope.origin ? { origin: String(envelope.origin) } : {}),
    ...(state === 'cancelled' && mark ? { cancelled: toMark(mark) } : {}),
    ...(request && !isSettled(state) ? { cancelRequested: toMark(request) } : {}),
    links: taskLinks(id),
  };
}

/** For what is said of a job outside of its own record, such as its log. */
export function scrubOfJob({ data, dataCut, returnvalue, resultCut }: JobRecord): Scrub {
  const hidden = redaction();
  if (!hidden.concerns('input') && !hidden.concerns('result')) return scrubOf({});
  const { input } = toEnvelope(parseStored(data));
  return scrubOf({ input, result: parseStored(returnvalue), isInputCut: dataCut, isResultCut: resultCut });
}

interface Mark {
  by?: string;
  at?: number;
  reason?: string;
}

function toMark({ by, at, reason }: Mark) {
  return { by: String(by ?? ''), at: iso(Number(at) || 0), ...(reason ? { reason: String(reason) } : {}) };
}

/** @param queue of another program: its ids are told apart by queue alone. */
export function taskLinks(id: string, queue?: string): TaskView['links'] {
  const self = `/api/v1/tasks/${encodeURIComponent(id)}`;
  const page = `/tasks/${encodeURIComponent(id)}`;
  const of = queue === undefined ? '' : `?queue=${encodeURIComponent(queue)}`;
  return { self: self + of, page: page + of, events: `${self}/events${of}`, logs: `${self}/logs${of}` };
}

/** `Name: message` and the lines below it, as JavaScript prints an error. */
export function toFailure(
  message: string | undefined,
  stack: string | undefined,
  given?: string,
): TaskFailure {
  const head = stack?.split('\n', 1)[0] ?? '';
  if (message === STALLED_TOO_OFTEN) {
    return {
      name: 'WorkerLost',
      message: 'Its worker died or hung several times while running it, so it is not tried again.',
    };
  }
  const name = given ?? /^([A-Za-z_$][\w$]*)(?::|$)/.exec(head)?.[1] ?? 'Error';
  return { name, message: message ?? head, ...(stack ? { stack } : {}) };
}

export function toProgress(value: unknown): TaskProgress | null {
  if (typeof value === 'number' && Number.isFinite(value))
    return value === 0 ? null : { percent: clamp(value) };
  if (typeof value !== 'object' || value === null) return null;
  const { done, total, message } = value as Record<string, unknown>;
  const known = typeof done === 'number' && typeof total === 'number' && total > 0;
  return {
    percent: known ? clamp((100 * (done as number)) / (total as number)) : null,
    ...(typeof done === 'number' ? { done } : {}),
    ...(typeof total === 'number' ? { total } : {}),
    ...(typeof message === 'string' && message ? { message } : {}),
  };
}

function runTime(state: TaskState, started: number | undefined, finished: number | undefined, now: number) {
  if (!started) return {};
  if (state === 'active') return { runMs: Math.max(0, now - started) };
  // One that was cancelled while it waited for another attempt finished long after its last run did.
  return (state === 'completed' || state === 'failed') && finished
    ? { runMs: Math.max(0, finished - started) }
    : {};
}

/** What stands before the input in a cut envelope: tags and the like are there whole, unless they fill the cut. */
function cutEnvelope(data: string | undefined): Partial<JobEnvelope> {
  const at = data?.indexOf(',"input":') ?? -1;
  if (!data || at < 0) return {};
  return (parseStored(`${data.slice(0, at)}}`) as Partial<JobEnvelope> | undefined) ?? {};
}

function preview(json: string | undefined): string {
  const at = json?.startsWith('{"roost":1') ? json.indexOf(',"input":') : -1;
  const text = at >= 0 ? json!.slice(at + 9) : (json ?? '');
  return text.length > PREVIEW_LENGTH ? `${text.slice(0, PREVIEW_LENGTH)}…` : text;
}

function number(text: string | undefined): number | undefined {
  const value = text === undefined ? NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function clamp(percent: number): number {
  return Math.round(Math.min(100, Math.max(0, percent)) * 10) / 10;
}

/** Times outside the range of dates (a damaged hash) come out as 1970 rather than as an error. */
export function iso(ms: number): string {
  return new Date(Math.abs(ms) <= 8.64e15 ? ms : 0).toISOString();
}
