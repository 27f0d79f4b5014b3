import { isFinished, type TaskState } from '../../model/states.js';
import type { TaskFailure } from '../../model/task-view.js';
import { withoutRequestId } from './job-envelope.js';
import { parseObject } from './parse-stored-json.js';

/** Fields of a job's hash that each reader loads, in the order of `decodeFields`. Bodies are loaded apart: they may be cut. */
export const JOB_FIELDS = [
  ...['name', 'opts', 'timestamp', 'priority', 'progress', 'failedReason', 'finishedOn', 'processedOn'],
  ...['atm', 'attemptsMade', 'ats', 'pb', 'roost:mark', 'roost:queued', 'roost:error'],
] as const;

/** Decoded fields. Times are ms; a number that cannot be read counts as missing. */
export interface JobFields {
  type: string;
  /** JSON. */
  options: string | undefined;
  createdAt: number | undefined;
  priority: number | undefined;
  /** JSON. */
  progress: string | undefined;
  failedReason: string | undefined;
  finishedAt: number | undefined;
  /** Start of the last attempt. */
  startedAt: number | undefined;
  /** Attempts that count; missing in some versions of BullMQ. */
  attemptsMade: number | undefined;
  /** Starts, including those that do not count as attempts. */
  starts: number | undefined;
  /** Worker of the last attempt. */
  worker: string | undefined;
  /** JSON: author, time and reason of the transition to `cancelled` or `expired`. */
  mark: string | undefined;
  /** Time when a retry or a move put it into its queue. */
  queuedAt: number | undefined;
  /** Name of the error of the last attempt. */
  errorName: string | undefined;
}

/** A task as its job's hash in Redis stores it: the only form in which a job leaves `bullmq/`. */
export interface TaskRecord extends JobFields {
  id: string;
  queue: string;
  state: TaskState;
  /** ms; only while `delayed`. */
  delayUntil: number;
  /** JSON with the input in an envelope; undefined if it was not requested. */
  data: string | undefined;
  /** Whole length of the data, bytes. */
  dataBytes: number;
  dataCut: boolean;
  /** JSON. */
  result: string | undefined;
  resultBytes: number;
  resultCut: boolean;
  /** JSON: author, time and reason of a request to cancel it while it runs. */
  cancelRequest?: string | undefined;
  /** Key of the parent in a flow. */
  parentKey?: string | undefined;
  /** Key of the schedule that added it. */
  scheduleKey?: string | undefined;
  /** Full error of the last attempt, loaded only for a single task. */
  failure?: TaskFailure;
}

/** A record with everything that is stored beside it. */
export interface FullRecord extends TaskRecord {
  /** JSON: stacks of the attempts. */
  stacktrace: string | undefined;
  firstAttempt: number;
  /** JSON of each attempt from `firstAttempt` on; '' where none was recorded. */
  attempts: string[];
  firstLine: number;
  /** Log lines from number `firstLine` on. */
  lines: string[];
}

/** Value of a field in an answer: `false` in JSON, null in RESP. */
export type FieldValue = string | false | null | undefined;

/** Decodes the values of `JOB_FIELDS`, which begin at `from`. No loop and one fixed shape: it runs for every recorded task. */
export function decodeFields(values: readonly FieldValue[], from: number): JobFields {
  return {
    type: textOf(values[from]) ?? '',
    options: withoutRequestId(textOf(values[from + 1])),
    createdAt: numberOf(values[from + 2]),
    priority: numberOf(values[from + 3]),
    progress: textOf(values[from + 4]),
    failedReason: textOf(values[from + 5]),
    finishedAt: numberOf(values[from + 6]),
    startedAt: numberOf(values[from + 7]),
    attemptsMade: numberOf(values[from + 8]) ?? numberOf(values[from + 9]),
    starts: numberOf(values[from + 10]),
    worker: values[from + 11] || undefined,
    mark: textOf(values[from + 12]),
    queuedAt: numberOf(values[from + 13]),
    errorName: textOf(values[from + 14]),
  };
}

export function textOf(value: FieldValue): string | undefined {
  return value === false || value === null ? undefined : value;
}

function numberOf(value: FieldValue): number | undefined {
  const number = typeof value === 'string' ? Number(value) : NaN;
  return Number.isFinite(number) ? number : undefined;
}

/** Facts that follow from a record, by the same rules in views and in the history. */
export interface DerivedFacts {
  options: Record<string, unknown>;
  attempts: { made: number; max: number };
  /** Time from when it could run to its only start, ms; undefined after several starts. */
  waitMs: number | undefined;
  /** Duration of the attempt that finished it, ms. */
  runMs: number | undefined;
  /** Only of a finished task. */
  finishedAt: number | undefined;
}

export function deriveFacts(record: TaskRecord): DerivedFacts {
  const { state, startedAt, createdAt = 0, queuedAt = 0, starts = 1 } = record;
  const options = parseObject(record.options);
  const readyAt = Math.max(createdAt + (Number(options.delay) || 0), queuedAt);
  const finishedAt = isFinished(state) ? record.finishedAt || undefined : undefined;
  // A task cancelled between two attempts finishes long after its last run.
  const hasRun = state === 'completed' || state === 'failed';
  return {
    options,
    attempts: {
      made: record.attemptsMade ?? 0,
      max: Math.max(1, Math.floor(Number(options.attempts)) || 1),
    },
    waitMs: startedAt && starts <= 1 ? Math.max(0, startedAt - readyAt) : undefined,
    runMs: hasRun && startedAt && finishedAt ? Math.max(0, finishedAt - startedAt) : undefined,
    finishedAt,
  };
}

/** Author, time (ms) and reason of a cancellation. */
export interface DecodedMark {
  by: string;
  at: number;
  reason?: string;
}

export function decodeMark(json: string | undefined): DecodedMark | undefined {
  if (json === undefined) return undefined;
  const { by, at, reason } = parseObject(json);
  return {
    by: String(by ?? ''),
    at: Number(at) || 0,
    ...(reason ? { reason: String(reason) } : {}),
  };
}
