import { hasHidden } from '../../platform/redaction/redaction.js';
import { isFinished, type TaskState } from '../../model/states.js';
import type {
  AttemptView,
  LogLine,
  ProgressSample,
  TaskView,
  TransitionView,
} from '../../model/task-view.js';
import type { JobCommands } from '../../tasks/job-commands.js';
import type { RetentionTimes } from '../../tasks/retention-times.js';
import type { WhyView } from '../../tasks/task-queries.openapi.js';
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
import { type FailureView, toFailureView } from '../kit/failure-view.js';
import { toQueueHref } from '../queues/queues-page.js';
import { isForeignView, toOffered, type OfferedActs } from '../kit/offered-acts.js';
import { formatDuration, formatNumber, shortId } from '../kit/format.js';
import { type RetentionNote, toRetentionNote } from './retention-note.js';
import { type ProgressView, toProgress } from './progress-view.js';
import { type SimilarRuns, toSimilarRuns } from './similar-runs.js';
import { attemptNow } from '../kit/task-row.js';
import { type Timeline, toTimeline } from './timeline.js';
import { type LogView, toLogView } from './log-view.js';
import { type NextStep, type StateNote, toNextStep, toStateNote } from './next-step.js';
import { withParam } from './with-param.js';
import { toWhyPanel, type WhyPanel } from './why-view.js';
import { idInPath } from '../../bullmq/task-ids.js';

/**
 * Maximum number of log lines on a page unless all are requested: it is redrawn up to four times a second.
 */
export const MAX_SHOWN_LOG_LINES = 200;

export interface TaskParts {
  task: TaskView;
  attempts: AttemptView[];
  transitions: TransitionView[];
  logs: { items: LogLine[]; total: number };
  /** Facts about its type; absent if the type is unknown. */
  type?: TypeFacts;
  why?: WhyView;
  /** Earlier progress samples. */
  samples?: readonly ProgressSample[];
  /** Other runs of its type, latest first. */
  similar?: readonly { id: string; state: TaskState; runMs: number }[];
  errorGroup?: { fingerprint: string; count: number };
  storedUntil?: RetentionTimes;
  /** Stored beginnings of bodies that were cut. */
  beginnings?: { input: string | null; result: string | null };
  /** Current commands for a task of another program, a flow or a schedule. */
  jobActs?: JobCommands;
}

export interface TaskPage {
  id: string;
  short: string;
  href: string;
  /** Start and end of the form's address; the action stands between them. */
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
  error?: FailureView & {
    next?: NextStep;
    /** Link to all failures of this kind. */
    group?: { href: string; words: string };
  };
  note?: StateNote;
  cancelling?: Cancelling;
  why?: WhyPanel;
  input?: BodyView;
  /**
   * Set if parts of input or result are redacted, or are currently revealed; `href` leads to the other view.
   */
  hidden?: { isRevealed: boolean; href: string };
  attempts?: AttemptList;
  similar?: SimilarRuns;
  log: LogView;
  facts: TaskFacts;
  retention?: RetentionNote;
  curls: CurlCommand[];
}

interface TaskActs {
  cancel?: CancelView;
  retry: boolean;
  promote: OfferedActs['promote'];
  delete: boolean;
  /** True if a delete can be undone for a while. */
  undo: boolean;
  /** Address of the form, filled with its input. */
  rerun?: string;
  /** True if the same input can be submitted again at once. */
  again: boolean;
}

interface TaskFacts {
  queue: string;
  /** Absent for queues of other programs, which have no page. */
  queueHref?: string;
  worker?: string;
  noWorker: string;
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
  expiresAt?: string;
  timeLimits?: string;
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
    /** True if API calls need a token. */
    needsToken?: boolean;
  },
): TaskPage {
  const { task } = parts;
  const href = task.links.page;
  const active = task.state === 'active';
  const why = toWhyPanel(parts.why);
  const offered = toOffered(task, parts.jobActs);
  return {
    id: task.id,
    short: shortId(task.id),
    href,
    path: href.split('?')[0]!,
    query: href.includes('?') ? href.slice(href.indexOf('?')) : '',
    type: task.type,
    state: task.state,
    settled: isFinished(task.state),
    ranFor: active ? undefined : task.runMs,
    runningSince: active ? task.startedAt : undefined,
    delayUntil: task.state === 'delayed' ? task.delayUntil : undefined,
    acts: toActs(task, parts.type, offered),
    timeline: toTimeline(task, parts.attempts, parts.transitions, view.now),
    progress: toProgress(task, parts.samples ?? [], view.now),
    result: task.state === 'completed' ? toBody(task, 'result', parts.beginnings?.result) : undefined,
    error: toError(task, parts.attempts, parts.errorGroup),
    note: why ? undefined : toStateNote(task),
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
    log: toLogView(parts.logs, href, view.level, view.allLines ?? false),
    facts: toFacts(task),
    retention: toRetentionNote(task, parts.storedUntil ?? {}),
    curls: toCurls(view.baseUrl, task, offered, view.needsToken),
    hidden: view.isRevealed
      ? { isRevealed: true, href }
      : hasHidden(task.input) || hasHidden(task.result)
        ? { isRevealed: false, href: withParam(href, 'reveal', '1', '#input') }
        : undefined,
  };
}

function toActs(task: TaskView, type: TypeFacts | undefined, offered: OfferedActs): TaskActs {
  const live = !task.source;
  const ours = !isForeignView(task);
  return {
    cancel: offered.cancel ? toCancelView(task, type) : undefined,
    retry: offered.retry,
    promote: offered.promote,
    delete: offered.remove,
    undo: ours,
    rerun: ours
      ? `/submit?type=${encodeURIComponent(task.type)}&from=${encodeURIComponent(task.id)}`
      : undefined,
    again: ours && task.input !== undefined && (!live || task.state === 'completed'),
  };
}

/**
 * Returns the error of the last finished attempt. The task itself has none between two attempts and during
 * the next one.
 */
function toError(task: TaskView, attempts: AttemptView[], group: TaskParts['errorGroup']): TaskPage['error'] {
  const error = task.error ?? attempts.findLast((attempt) => attempt.error)?.error;
  if (!error || task.state === 'completed') return undefined;
  return {
    ...toFailureView(error, 'error'),
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

/** Returns the time limits that it was submitted with. */
function toTimeLimits({ softTimeoutMs: soft, hardTimeoutMs: hard }: TaskView): string | undefined {
  const words = [
    ...(soft === undefined ? [] : [`asked to stop after ${formatDuration(soft)}`]),
    ...(hard === undefined ? [] : [`fails after ${formatDuration(hard)}`]),
  ];
  return words.length > 0 ? words.join(', ') : undefined;
}

function toFacts(task: TaskView): TaskFacts {
  return {
    queue: task.queue,
    queueHref: toQueueHref(task.queue),
    worker: task.worker,
    noWorker: isFinished(task.state) ? 'none' : 'none yet',
    createdAt: task.createdAt,
    startedAt: task.startedAt,
    finishedAt: task.finishedAt,
    expiresAt: isFinished(task.state) ? undefined : task.expiresAt,
    timeLimits: toTimeLimits(task),
    waitMs: task.waitMs,
    priority: task.priority || undefined,
    tags: task.tags,
    attempts: `${attemptNow(task)} of ${task.attempts.max}`,
    origin: task.rerunOf
      ? { id: task.rerunOf, short: shortId(task.rerunOf), href: `/tasks/${idInPath(task.rerunOf)}` }
      : undefined,
  };
}
