import { hasHidden } from '../../contract/redaction.js';
import { isSettled, type TaskState } from '../../contract/states.js';
import type { AttemptView, LogLevel, LogLine, TaskView, TransitionView } from '../../contract/task-view.js';
import type { KeptUntil } from '../../tasks/known-task.js';
import type { ProgressSample } from '../../tasks/task-story.js';
import type { WhyView } from '../../tasks/why-not-running.js';
import { type AttemptList, toAttemptList } from './attempt-rows.js';
import { type BodyView, toBody } from './body-view.js';
import {
  type CancelView,
  type Cancelling,
  toCancelView,
  toCancelling,
  type TypeFacts,
} from './cancel-view.js';
import { type CurlCommand, toCurls } from './curl.js';
import { type ForeignActsOffered, toForeignActs } from './foreign-acts.js';
import { formatNumber, shortId } from './format.js';
import { type Keeping, toKeeping } from './keeping.js';
import { type ProgressView, toProgress } from './progress-view.js';
import { type SimilarRuns, toSimilarRuns } from './similar-runs.js';
import { DELETABLE, PROMOTABLE, RETRYABLE } from './states.js';
import { attemptNow } from './task-row.js';
import { type Timeline, toTimeline } from './timeline.js';
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
  /** Progress as it was seen on the way. */
  samples?: readonly ProgressSample[];
  /** Other runs of its type, the latest first. */
  similar?: readonly { id: string; state: TaskState; runMs: number }[];
  errorGroup?: { fingerprint: string; count: number };
  keptUntil?: KeptUntil;
  /** What the history has of a body that was cut. */
  beginnings?: { input: string | null; result: string | null };
  /** Of a task of another program: its state in Redis, undefined where it is not there any more. */
  foreign?: { state: TaskState | undefined };
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
  /** Between these two stands what is to be done, in the address of a form. */
  path: string;
  query: string;
  type: string;
  state: TaskState;
  settled: boolean;
  ranFor?: number;
  runningSince?: string;
  delayUntil?: string;
  acts: TaskActs;
  timeline: Timeline;
  progress?: ProgressView;
  result?: BodyView;
  error?: {
    name: string;
    message: string;
    stack?: string;
    next?: NextStep;
    /** All failures of this kind. */
    group?: { href: string; words: string };
  };
  note?: NextStep & { title: string; by?: string; byAt?: string };
  cancelling?: Cancelling;
  why?: WhyPanel;
  input?: BodyView;
  /** Parts of input or result are hidden by a rule, or were and are shown now; `href` leads to the other. */
  hidden?: { isRevealed: boolean; href: string };
  attempts?: AttemptList;
  similar?: SimilarRuns;
  log: LogView;
  facts: TaskFacts;
  keeping?: Keeping;
  curls: CurlCommand[];
}

interface TaskActs {
  cancel?: CancelView;
  retry: boolean;
  promote: boolean;
  delete: boolean;
  /** A delete can be undone for a while. */
  undo: boolean;
  /** The form, filled with its input. */
  rerun?: string;
  /** The same once more, at once. */
  again: boolean;
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
  /** Other programs' queues have no page. */
  queueHref?: string;
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
  view: {
    now: number;
    baseUrl: string;
    level?: string;
    allLines?: boolean;
    allAttempts?: boolean;
    isRevealed?: boolean;
    /** Calls of the API need one. */
    needsToken?: boolean;
  },
): TaskPage {
  const { task } = parts;
  const href = task.links.page;
  const active = task.state === 'active';
  const why = toWhyPanel(parts.why);
  const foreign = parts.foreign && toForeignActs(parts.foreign.state);
  return {
    id: task.id,
    short: shortId(task.id),
    href,
    path: href.split('?')[0]!,
    query: href.includes('?') ? href.slice(href.indexOf('?')) : '',
    type: task.type,
    state: task.state,
    settled: isSettled(task.state),
    ranFor: active ? undefined : task.runMs,
    runningSince: active ? task.startedAt : undefined,
    delayUntil: task.state === 'delayed' ? task.delayUntil : undefined,
    acts: toActs(task, parts.type, foreign),
    timeline: toTimeline(task, parts.attempts, parts.transitions, view.now),
    progress: toProgress(task, parts.samples ?? [], view.now),
    result: task.state === 'completed' ? toBody(task, 'result', parts.beginnings?.result) : undefined,
    error: toError(task, parts.attempts, parts.errorGroup),
    note: why ? undefined : toNote(task),
    cancelling: toCancelling(task, parts.type),
    why,
    input: toBody(task, 'input', parts.beginnings?.input),
    attempts:
      parts.attempts.length === 0
        ? undefined
        : toAttemptList(
            parts.attempts,
            parts.logs.items,
            withParam(href, 'attempts', 'all', '#attempts'),
            view.allAttempts ?? false,
          ),
    similar: toSimilarRuns(task, parts.similar ?? []),
    log: toLog(parts.logs, href, view.level, view.allLines ?? false),
    facts: toFacts(task),
    keeping: toKeeping(task, parts.keptUntil ?? {}),
    curls: toCurls(view.baseUrl, task, view.needsToken, foreign),
    hidden: view.isRevealed
      ? { isRevealed: true, href }
      : hasHidden(task.input) || hasHidden(task.result)
        ? { isRevealed: false, href: withParam(href, 'reveal', '1', '#input') }
        : undefined,
  };
}

function toActs(
  task: TaskView,
  type: TypeFacts | undefined,
  foreign: ForeignActsOffered | undefined,
): TaskActs {
  const live = !task.kept;
  const ours = isOurs(task);
  return {
    cancel: live ? toCancelView(task, type) : undefined,
    retry: foreign?.retry ?? (live && RETRYABLE.includes(task.state)),
    promote: foreign?.promote ?? (live && PROMOTABLE.includes(task.state)),
    delete: foreign?.remove ?? (ours && (!live || DELETABLE.includes(task.state))),
    undo: ours,
    rerun: ours ? `/?type=${encodeURIComponent(task.type)}&from=${encodeURIComponent(task.id)}` : undefined,
    again: ours && task.input !== undefined && (!live || task.state === 'completed'),
  };
}

/** Links of other programs' tasks name their queue. */
function isOurs({ links }: TaskView): boolean {
  return !links.page.includes('?');
}

/** An address of this page with one more word in it. */
function withParam(href: string, name: string, value: string, anchor: string): string {
  return `${href}${href.includes('?') ? '&' : '?'}${name}=${value}${anchor}`;
}

/** Between two attempts and during the next the task itself has no error; the attempt before has. */
function toError(task: TaskView, attempts: AttemptView[], group: TaskParts['errorGroup']): TaskPage['error'] {
  const error = task.error ?? attempts.findLast((attempt) => attempt.error)?.error;
  if (!error || task.state === 'completed') return undefined;
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    next: toNextStep(task),
    group: group && {
      href: `/monitor/errors/${encodeURIComponent(group.fingerprint)}`,
      words:
        group.count === 1
          ? 'The only failure of its kind'
          : `All ${formatNumber(group.count)} failures of this kind`,
    },
  };
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
  if (task.state !== 'failed' || task.kept) return undefined;
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

function toLog(logs: TaskParts['logs'], href: string, level: string | undefined, all: boolean): LogView {
  const least = Math.max(0, LOG_LEVELS.indexOf(level as LogLevel));
  const base = all ? withParam(href, 'log', 'all', '') : href;
  return {
    lines: logs.items
      .filter((line) => LOG_LEVELS.indexOf(line.level) >= least)
      .map((line) => ({ ...line, elementId: `log-${line.n}` })),
    total: logs.total,
    hidden: Math.max(0, logs.total - logs.items.length),
    allHref: withParam(href, 'log', 'all', '#log'),
    levels: [
      { label: 'All', at: 0 },
      { label: 'Info', at: 1 },
      { label: 'Warnings', at: 2 },
      { label: 'Errors', at: 3 },
    ].map(({ label, at }) => ({
      label,
      href: withParam(base, 'level', LOG_LEVELS[at]!, '#log'),
      current: at === least,
    })),
    filtered: least > 0,
  };
}

function toFacts(task: TaskView): TaskFacts {
  return {
    queue: task.queue,
    queueHref: isOurs(task) ? `/monitor/queues/${encodeURIComponent(task.queue)}` : undefined,
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
