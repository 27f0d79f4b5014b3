import type { ErrorCode } from '../model/errors.js';
import * as s from '../model/schema.js';
import { TASK_STATES } from '../model/states.js';
import { AttemptView, LogLine, ProgressSample, TaskView, TransitionView } from '../model/task-view.js';
import { parameter, query } from '../openapi/components.js';
import { operations } from '../openapi/operation.js';

const LogPage = s.named(
  'LogPage',
  s.object({ items: s.list(LogLine), total: s.count('Number of lines written; the last 1,000 are stored.') }),
);

const BlockingTask = s.object({
  id: s.text('Id of the task.'),
  type: s.text('Task type.'),
  worker: s.optional(s.text('Worker that runs it.')),
  runMs: s.optional(s.count('Run time so far, ms.')),
  href: s.text('URL of the page.'),
});
/** A task that blocks another one. */
export type BlockingTask = s.Static<typeof BlockingTask>;

const Blocker = s.named(
  'Blocker',
  s.object({
    code: s.oneOf([
      ...(['QUEUE_PAUSED', 'DELAYED', 'RETRY_WAIT', 'TYPE_RATE_LIMITED', 'TYPE_CONCURRENCY_FULL'] as const),
      ...(['NO_WORKER', 'REDIS_TROUBLE', 'WORKERS_UNKNOWN', 'WORKERS_PAUSED', 'RATE_LIMITED'] as const),
      ...(['CONCURRENCY_FULL', 'BEHIND', 'CHILDREN', 'CHILD_FAILED', 'NOT_QUEUED'] as const),
    ]),
    message: s.text('Description of the reason.'),
    since: s.optional(s.time('Start time.')),
    until: s.optional(s.time('End time.')),
    cure: s.optional(s.text('What to do about it.')),
    href: s.optional(s.text('Page on which to do it.')),
    tasks: s.optional(s.list(BlockingTask, 'Blocking tasks, the longest-running first.')),
  }),
);
/** One reason why a task is not running: its message, its time span where known, and what to do about it. */
export type Blocker = s.Static<typeof Blocker>;

const StartEstimate = s.object(
  {
    startInMs: s.countOrNull('Time until the start, ms; null where no estimate is possible.'),
    startAt: s.orNull(s.time('Time of the start.')),
    basis: s.text('Basis of the estimate, or the reason why there is none.'),
  },
  { description: 'Estimated start.' },
);
export type StartEstimate = s.Static<typeof StartEstimate>;

const WhyView = s.named(
  'WhyView',
  s.object({
    id: s.text('Id of the task.'),
    state: s.oneOf(TASK_STATES),
    summary: s.text('One sentence: the first reason, or the state of a task that is not waiting.'),
    position: s.orNull(
      s.object({
        ahead: s.count('Number of tasks ahead in its queue.'),
        atLeast: s.flag('True where `ahead` is a lower bound.'),
      }),
    ),
    blockers: s.list(Blocker, 'Reasons, the most decisive first; empty where none was found.'),
    unknown: s.list(
      s.text('The unknown fact, and why it is not known.'),
      'Facts that could not be determined, for tasks of other programs.',
    ),
    estimate: s.orNull(StartEstimate),
  }),
);
/** Reasons why a task is not running, or its current state. */
export type WhyView = s.Static<typeof WhyView>;

/** Error codes of every operation on one task. */
export const MISSING: readonly ErrorCode[] = [
  'NOT_FOUND',
  'TASK_NOT_FOUND',
  'TASK_GONE',
  'REDIS_UNAVAILABLE',
];

/** Members that all reads have in common: from Redis, or from the history where Redis has dropped the task. */
const READ = {
  parameters: [parameter('TaskId'), parameter('OfQueue'), parameter('Reveal')],
  errors: [...MISSING, 'QUERY_INVALID', 'HISTORY_UNAVAILABLE'] as const,
};

const DOWNLOAD = {
  headers: {
    'Content-Disposition': { description: 'attachment, with a file name.', schema: { type: 'string' } },
  },
};

export const TASK_QUERIES_API = operations('Tasks', {
  'GET /api/v1/tasks/{id}': {
    ...READ,
    id: 'getTask',
    summary: 'Get one task',
    description:
      'Returns the current state in Redis. Tasks that Redis has dropped and tasks of other programs come from the history.',
    parameters: [parameter('TaskId'), parameter('Wait'), parameter('OfQueue'), parameter('Reveal')],
    answers: { 200: ['The task as it is now.', TaskView] },
  },
  'GET /api/v1/tasks/{id}/logs': {
    ...READ,
    id: 'listLogLines',
    summary: 'List the log lines of a task',
    parameters: [
      parameter('TaskId'),
      query('after', 'First line number.', { type: 'integer', minimum: 0, default: 0 }),
      query('limit', 'Maximum number of lines.', {
        type: 'integer',
        minimum: 1,
        maximum: 1000,
        default: 1000,
      }),
      parameter('OfQueue'),
      parameter('Reveal'),
    ],
    answers: { 200: ['The log lines, oldest first.', LogPage] },
  },
  'GET /api/v1/tasks/{id}/attempts': {
    ...READ,
    id: 'listAttempts',
    summary: 'List the attempts of a task',
    answers: {
      200: ['Every run of the task by a worker, oldest first.', s.named('AttemptList', s.items(AttemptView))],
    },
  },
  'GET /api/v1/tasks/{id}/transitions': {
    ...READ,
    id: 'listTransitions',
    summary: 'List the transitions of a task',
    description: 'Contains the recorded transitions, and newer ones known to Redis.',
    answers: {
      200: ['The states it went through, oldest first.', s.named('TransitionList', s.items(TransitionView))],
    },
  },
  'GET /api/v1/tasks/{id}/progress': {
    ...READ,
    id: 'listProgress',
    summary: 'List the progress of a task over time',
    description: 'Contains at most one sample per second, and 240 per task.',
    answers: { 200: ['Samples, oldest first.', s.named('ProgressList', s.items(ProgressSample))] },
  },
  'GET /api/v1/tasks/{id}/input': {
    ...READ,
    id: 'downloadInput',
    summary: 'Download the input of a task',
    answers: { 200: ['The complete input.', s.anything(), DOWNLOAD] },
    errors: [...READ.errors, 'TASK_STATE_CONFLICT'],
  },
  'GET /api/v1/tasks/{id}/result': {
    ...READ,
    id: 'downloadResult',
    summary: 'Download the result of a task',
    description:
      'Requires a completed task. Answers 409 for others, and for a result that was too long to be stored in full.',
    answers: { 200: ['The complete result.', s.anything(), DOWNLOAD] },
    errors: [...READ.errors, 'TASK_STATE_CONFLICT'],
  },
  'GET /api/v1/tasks/{id}/why': {
    ...READ,
    id: 'whyNotRunning',
    summary: "Why isn't it running?",
    description:
      'Returns the reasons why a task waits, its position in the queue, and its estimated start. For a task of another program, selected with `queue`, the reasons are derived from the keys of BullMQ and the clients of Redis.',
    parameters: [parameter('TaskId'), parameter('OfQueue')],
    answers: { 200: ['The reasons; for a task that is not waiting, its current state.', WhyView] },
  },
});
