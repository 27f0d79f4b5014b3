import { MAX_TIMER_MS } from '../../task-api/delays.js';
import { isFinished } from '../../model/states.js';
import type { TaskFailure, TaskProgress, TaskView } from '../../model/task-view.js';
import { toJson } from '../../model/lenient-json.js';
import { HIDDEN, type Redaction } from '../../platform/redaction/redaction.js';
import { NO_SCRUB, type Scrub, scrubOf } from '../../platform/redaction/scrub.js';
import { withoutTerminalCodes } from '../../model/terminal-codes.js';
import { cutEnvelope, parseExactEnvelope, toFacts } from './job-envelope.js';
import { decodeMark, deriveFacts, type TaskRecord } from './task-record.js';
import { parseStored, parseStoredBody } from './parse-stored-json.js';
import { idInPath } from '../task-ids.js';
import { rerunOf } from '../../model/deprecated-names.js';

/** BullMQ's failure reason for a job that stalled more often than `maxStalledCount`. */
export const STALLED_TOO_OFTEN = 'job stalled more than allowable limit';
/** Longest input preview, in characters. */
const MAX_PREVIEW_LENGTH = 160;
/** Longest message or JSON of a progress report, in characters; lists contain it as well. */
const MAX_PROGRESS_LENGTH = 1000;

/**
 * Converts a BullMQ job to a task; the only place that knows both formats. Never throws: unreadable values
 * (another program's job, a damaged hash) are shown as they are.
 */
export function toTaskView(record: TaskRecord, now: number, rules: Redaction): TaskView {
  const { id, queue, state, startedAt: started, data } = record;
  const hidden = rules.current;
  const cut = record.dataCut && data !== undefined ? cutEnvelope(data) : undefined;
  const envelope = record.dataCut ? undefined : parseExactEnvelope(data);
  const input = hidden.apply('input', envelope?.input ?? null);
  const { tags, expiresAt, origin } = cut?.facts ?? toFacts(envelope ?? {});
  const { options, attempts, waitMs, runMs, finishedAt } = deriveFacts(record);
  const mark = state === 'cancelled' ? decodeMark(record.mark) : undefined;
  const request = isFinished(state) ? undefined : decodeMark(record.cancelRequest);
  const result =
    state === 'completed' && !record.resultCut ? (parseStoredBody(record.result) ?? null) : undefined;
  const scrub = scrubOf(rules, {
    ...{ input: envelope?.input, result, isInputCut: record.dataCut },
    isResultCut: state === 'completed' && record.resultCut,
  });

  return {
    id,
    type: record.type,
    queue,
    state,
    ...(record.dataCut
      ? { inputPreview: hidden.concerns('input') ? HIDDEN : preview(cut?.rest ?? data ?? '') }
      : { input, inputPreview: preview(toJson(input)) }),
    ...(result === undefined ? {} : { result: scrub.value(hidden.apply('result', result)) }),
    error:
      state === 'failed'
        ? scrub.failure(record.failure ?? toFailure(record.failedReason, undefined, record.errorName))
        : null,
    progress: scrub.progress(toProgress(parseStored(record.progress))),
    attempts,
    priority: record.priority ?? 0,
    tags,
    createdAt: formatIso(record.createdAt ?? 0),
    ...(state === 'delayed' ? { delayUntil: formatIso(record.delayUntil) } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt: formatIso(expiresAt) }),
    ...timeoutsOf(options),
    ...(started ? { startedAt: formatIso(started) } : {}),
    ...(finishedAt ? { finishedAt: formatIso(finishedAt) } : {}),
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(state === 'active' && started ? { runMs: Math.max(0, now - started) } : {}),
    ...(runMs === undefined ? {} : { runMs }),
    ...(record.worker ? { worker: record.worker } : {}),
    ...(origin ? rerunOf(origin) : {}),
    ...(mark ? { cancelled: { ...mark, at: formatIso(mark.at) } } : {}),
    ...(request ? { cancelRequested: { ...request, at: formatIso(request.at) } } : {}),
    links: taskLinks(id),
  };
}

/** Redaction for texts about a job outside its record, such as its log. */
export function scrubOfJob({ data, dataCut, result, resultCut }: TaskRecord, rules: Redaction): Scrub {
  const hidden = rules.current;
  if (!hidden.concerns('input') && !hidden.concerns('result')) return NO_SCRUB;
  const { input } = parseExactEnvelope(data);
  return scrubOf(rules, {
    input,
    result: parseStoredBody(result),
    isInputCut: dataCut,
    isResultCut: resultCut,
  });
}

/** Time limits of an attempt, ms, as submitted. */
export interface TimeLimits {
  softTimeoutMs?: number;
  hardTimeoutMs?: number;
}

/** Valid time limits among a job's options, which another program may have written. */
export function timeoutsOf({
  softTimeoutMs: soft,
  hardTimeoutMs: hard,
}: { [name in keyof TimeLimits]?: unknown }): TimeLimits {
  return {
    ...(isLimit(soft) ? { softTimeoutMs: soft } : {}),
    ...(isLimit(hard) ? { hardTimeoutMs: hard } : {}),
  };
}

function isLimit(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= MAX_TIMER_MS;
}

/** @param queue queue of another program, whose ids are unique only within the queue. */
export function taskLinks(id: string, queue?: string): TaskView['links'] {
  const segment = idInPath(id);
  const self = `/api/v1/tasks/${segment}`;
  const page = `/tasks/${segment}`;
  const of = queue === undefined ? '' : `?queue=${encodeURIComponent(queue)}`;
  return { self: self + of, page: page + of, events: `${self}/events${of}`, logs: `${self}/logs${of}` };
}

/** Converts the message and stack of an error; the stack begins with `Name: message`. */
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
  return {
    name,
    message: withoutTerminalCodes(message ?? head),
    ...(stack ? { stack: withoutTerminalCodes(stack) } : {}),
  };
}

/** Converts a reported percentage, text or object. BullMQ stores 0 if nothing was reported. */
export function toProgress(value: unknown): TaskProgress | null {
  if (value === undefined || value === null || value === 0 || value === '') return null;
  if (typeof value === 'number') return Number.isFinite(value) ? { percent: clamp(value) } : null;
  if (typeof value === 'string') return { percent: null, message: cutText(withoutTerminalCodes(value)) };
  if (typeof value !== 'object' || Array.isArray(value)) return { percent: null, ...detailsOf(value) };
  const { done, total, message, ...rest } = value as Record<string, unknown>;
  const isDone = typeof done === 'number';
  const isTotal = typeof total === 'number';
  const isMessage = typeof message === 'string';
  const others = {
    ...(isDone || done === undefined ? {} : { done }),
    ...(isTotal || total === undefined ? {} : { total }),
    ...(isMessage || message === undefined ? {} : { message }),
    ...rest,
  };
  return {
    percent: isDone && isTotal && total > 0 ? clamp((100 * done) / total) : namedPercent(rest),
    ...(isDone ? { done } : {}),
    ...(isTotal ? { total } : {}),
    ...(isMessage && message ? { message: cutText(withoutTerminalCodes(message)) } : {}),
    ...(Object.keys(others).length > 0 ? detailsOf(others) : {}),
  };
}

/** Percentage from a property with such a name. */
function namedPercent({ percent, percentage, pct }: Record<string, unknown>): number | null {
  const value = [percent, percentage, pct].find((one) => one !== undefined);
  return typeof value === 'number' && value >= 0 && value <= 100 ? clamp(value) : null;
}

function detailsOf(value: unknown): Pick<TaskProgress, 'details'> {
  const json = JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'string' ? withoutTerminalCodes(one) : one,
  );
  return { details: json.length > MAX_PROGRESS_LENGTH ? cutText(json) : (JSON.parse(json) as unknown) };
}

function cutText(text: string): string {
  return text.length > MAX_PROGRESS_LENGTH ? `${text.slice(0, MAX_PROGRESS_LENGTH)}…` : text;
}

function preview(text: string): string {
  return text.length > MAX_PREVIEW_LENGTH ? `${text.slice(0, MAX_PREVIEW_LENGTH)}…` : text;
}

function clamp(percent: number): number {
  return Math.round(Math.min(100, Math.max(0, percent)) * 10) / 10;
}

let lastIso = { ms: 0, text: new Date(0).toISOString() };

/**
 * Formats a time as ISO 8601. A time outside the range of dates (a damaged hash) becomes 1970 instead of an error. Repeats
 * the last result: many tasks have the same time.
 */
export function formatIso(ms: number): string {
  if (lastIso.ms !== ms) lastIso = { ms, text: new Date(Math.abs(ms) <= 8.64e15 ? ms : 0).toISOString() };
  return lastIso.text;
}
