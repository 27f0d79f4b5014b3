import { isSettled, type TaskState } from '../../contract/states.js';
import type { AttemptView, LogLevel, LogLine, TaskView, TransitionView } from '../../contract/task-view.js';
import type { WhyView } from '../../tasks/why-not-running.js';
import {
  type CancelView,
  type Cancelling,
  toCancelView,
  toCancelling,
  type TypeFacts,
} from './cancel-view.js';
import { toCurl } from './curl.js';
import { shortId } from './format.js';
import { DELETABLE, PROMOTABLE, RETRYABLE } from './states.js';
import { attemptNow } from './task-row.js';
import { type Timeline, toTimeline } from './timeline.js';
import { type ValueView, toValue } from './value-view.js';
import { toWhyPanel, type WhyPanel } from './why-view.js';

const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** How many log lines a page carries unless all are asked for: it is drawn up to four times a second. */
export const LOG_LINES_SHOWN = 200;

export interface TaskParts {
  task: TaskView;
  attempts: AttemptView[];
  transitions: TransitionView[];
  logs: { items: LogLine[]; total: number };
  /** How its type runs; absent for one that is not known (any more). */
  type?: TypeFacts;
  why?: WhyView;
}

interface NextStep {
  text: string;
  /** The moment the text speaks of. */
  at?: string;
}

export interface TaskPage {
  id: string;
  short: string;
  href: string;
  type: string;
  state: TaskState;
  settled: boolean;
  ranFor?: number;
  runningSince?: string;
  delayUntil?: string;
  acts: { cancel?: CancelView; retry: boolean; promote: boolean; delete: boolean; rerun: string };
  timeline: Timeline;
  progress?: ProgressView;
  result?: ValueView;
  error?: { name: string; message: string; stack?: string; next?: NextStep };
  note?: NextStep & { title: string; by?: string; byAt?: string };
  cancelling?: Cancelling;
  why?: WhyPanel;
  input?: ValueView;
  attempts: AttemptRow[];
  log: LogView;
  facts: TaskFacts;
  curl?: string;
}

interface ProgressView {
  value?: number;
  percent?: string;
  count?: { done: number; total: number };
  message?: string;
  runningSince?: string;
  ranMs?: number;
  leftMs?: number;
  tone: TaskState;
}

interface AttemptRow {
  number: number;
  elementId: string;
  outcome: string;
  icon: string;
  tone: string;
  worker?: string;
  startedAt?: string;
  runMs?: number;
  problem?: string;
}

interface LogView {
  lines: (LogLine & { elementId: string })[];
  total: number;
  /** Lines there are that this page leaves out. */
  hidden: number;
  allHref: string;
  levels: { label: string; href: string; current: boolean }[];
  filtered: boolean;
}

interface TaskFacts {
  queue: string;
  worker?: string;
  noWorker: string;
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
  expiresAt?: string;
  waitMs?: number;
  priority?: number;
  tags: string[];
  attempts: string;
  origin?: { href: string; short: string; id: string };
}

export function toTaskPage(
  parts: TaskParts,
  view: { now: number; baseUrl: string; level?: string; allLines?: boolean },
): TaskPage {
  const { task } = parts;
  const href = `/tasks/${encodeURIComponent(task.id)}`;
  const active = task.state === 'active';
  const why = toWhyPanel(parts.why);
  return {
    id: task.id,
    short: shortId(task.id),
    href,
    type: task.type,
    state: task.state,
    settled: isSettled(task.state),
    ranFor: active ? undefined : task.runMs,
    runningSince: active ? task.startedAt : undefined,
    delayUntil: task.state === 'delayed' ? task.delayUntil : undefined,
    acts: {
      cancel: toCancelView(task, parts.type),
      retry: RETRYABLE.includes(task.state),
      promote: PROMOTABLE.includes(task.state),
      delete: DELETABLE.includes(task.state),
      rerun: `/?type=${encodeURIComponent(task.type)}&from=${encodeURIComponent(task.id)}`,
    },
    timeline: toTimeline(task, parts.attempts, parts.transitions, view.now),
    progress: toProgress(task),
    result: task.state === 'completed' ? toValue(task.result ?? null) : undefined,
    error: toError(task, parts.attempts),
    note: why ? undefined : toNote(task),
    cancelling: toCancelling(task, parts.type),
    why,
    input: task.input === undefined ? undefined : toValue(task.input),
    attempts: parts.attempts.map(toAttemptRow),
    log: toLog(parts.logs, href, view.level, view.allLines ?? false),
    facts: toFacts(task),
    curl: task.input === undefined ? undefined : toCurl(view.baseUrl, task.type, task.input),
  };
}

function toProgress(task: TaskView): ProgressView | undefined {
  if (!task.progress && task.state !== 'active') return undefined;
  const { percent, done, total, message } = task.progress ?? { percent: null };
  const active = task.state === 'active';
  return {
    value: percent ?? undefined,
    percent: percent === null ? undefined : `${Math.floor(percent)} %`,
    count: done !== undefined && total !== undefined ? { done, total } : undefined,
    message,
    runningSince: active ? task.startedAt : undefined,
    ranMs: active ? undefined : task.runMs,
    leftMs: active ? toTimeLeft(percent, task.runMs) : undefined,
    tone: task.state,
  };
}

/** Rough by nature, so not before it has something to go by. */
function toTimeLeft(percent: number | null, runMs: number | undefined): number | undefined {
  if (percent === null || percent < 2 || runMs === undefined || runMs < 1_000) return undefined;
  const leftMs = (runMs / percent) * (100 - percent);
  return leftMs < 1_000 ? undefined : leftMs;
}

/** Between two attempts and during the next the task itself has no error; the attempt before has. */
function toError(task: TaskView, attempts: AttemptView[]): TaskPage['error'] {
  const error = task.error ?? attempts.findLast((attempt) => attempt.error)?.error;
  if (!error || task.state === 'completed') return undefined;
  return { name: error.name, message: error.message, stack: error.stack, next: toNextStep(task) };
}

function toNextStep(task: TaskView): NextStep | undefined {
  const { made, max } = task.attempts;
  if (task.state === 'delayed' && made > 0) {
    return { text: `Attempt ${made + 1} of ${max} starts`, at: task.delayUntil };
  }
  if (task.state === 'waiting' && made > 0)
    return { text: `Attempt ${made + 1} of ${max} starts as soon as a worker is free.` };
  if (task.state === 'active')
    return { text: `Attempt ${attemptNow(task)} of ${max} is running now; this is what the one before met.` };
  if (task.state !== 'failed') return undefined;
  if (made < max || task.error?.name === 'PermanentError') {
    return {
      text: `Not tried again after attempt ${made} of ${max}: the same input would fail the same way. Submit it again with edits.`,
    };
  }
  return max === 1
    ? { text: 'It had one attempt. Retry runs it again as it is; with edits you can change its input first.' }
    : {
        text: `All ${max} attempts were made. Retry runs it again as it is; with edits you can change its input first.`,
      };
}

function toNote(task: TaskView): TaskPage['note'] {
  if (task.state === 'cancelled') {
    const { by, at, reason } = task.cancelled ?? {};
    return { title: 'Cancelled', text: reason ?? 'No reason was given.', by, byAt: at };
  }
  if (task.state === 'expired') {
    return { title: 'Expired', text: 'No worker took it before its time was over, so it never ran.' };
  }
  if (task.attempts.made > 0) return undefined;
  if (task.state === 'waiting') {
    return {
      title: 'Waiting for a worker',
      text: `It runs as soon as one that serves the queue ${task.queue} has a free slot.`,
    };
  }
  return task.state === 'delayed'
    ? { title: 'Not yet', text: 'It becomes ready to run', at: task.delayUntil }
    : undefined;
}

const OUTCOME_ICONS: Record<string, string> = {
  completed: 'circle-check',
  failed: 'circle-x',
  lost: 'unplug',
  cancelled: 'ban',
  expired: 'timer-off',
};

function toAttemptRow(attempt: AttemptView): AttemptRow {
  return {
    number: attempt.number,
    elementId: `attempt-${attempt.number}`,
    outcome: attempt.outcome ?? 'running',
    icon: OUTCOME_ICONS[attempt.outcome ?? ''] ?? 'loader',
    tone: attempt.outcome ?? 'active',
    worker: attempt.worker,
    startedAt: attempt.startedAt,
    runMs: attempt.outcome ? attempt.runMs : undefined,
    problem:
      attempt.error?.message ??
      (attempt.outcome === 'lost' ? 'Its worker went away in the middle.' : undefined),
  };
}

function toLog(logs: TaskParts['logs'], href: string, level: string | undefined, all: boolean): LogView {
  const least = Math.max(0, LOG_LEVELS.indexOf(level as LogLevel));
  const suffix = all ? '&log=all' : '';
  return {
    lines: logs.items
      .filter((line) => LOG_LEVELS.indexOf(line.level) >= least)
      .map((line) => ({ ...line, elementId: `log-${line.n}` })),
    total: logs.total,
    hidden: Math.max(0, logs.total - logs.items.length),
    allHref: `${href}?log=all#log`,
    levels: [
      { label: 'All', at: 0 },
      { label: 'Info', at: 1 },
      { label: 'Warnings', at: 2 },
      { label: 'Errors', at: 3 },
    ].map(({ label, at }) => ({
      label,
      href: `${href}?level=${LOG_LEVELS[at]}${suffix}#log`,
      current: at === least,
    })),
    filtered: least > 0,
  };
}

function toFacts(task: TaskView): TaskFacts {
  return {
    queue: task.queue,
    worker: task.worker,
    noWorker: isSettled(task.state) ? 'none' : 'none yet',
    createdAt: task.createdAt,
    startedAt: task.startedAt,
    finishedAt: task.finishedAt,
    expiresAt: isSettled(task.state) ? undefined : task.expiresAt,
    waitMs: task.waitMs,
    priority: task.priority || undefined,
    tags: task.tags,
    attempts: `${attemptNow(task)} of ${task.attempts.max}`,
    origin: task.origin
      ? { id: task.origin, short: shortId(task.origin), href: `/tasks/${encodeURIComponent(task.origin)}` }
      : undefined,
  };
}
