import { FINISHED_STATES } from '../model/states.js';
import * as s from '../model/schema.js';
import { QUEUE, Warning } from '../monitoring/monitoring.openapi.js';
import { ORDER_MEMBERS, parameter } from '../openapi/components.js';
import { json, operations } from '../openapi/operation.js';
import type { ErrorCode } from '../model/errors.js';

const SET_BY = {
  by: s.optional(s.text('User or token that set it; absent where another program did.')),
  since: s.optional(s.time('Start time.')),
  reason: s.optional(s.text('Reason.')),
  until: s.optional(s.time('When it ends automatically.')),
};
const SetBy = s.object(SET_BY);
/** Author, time, reason and end of a setting; empty if another program made it. */
export type SetBy = s.Static<typeof SetBy>;

const QueueConsumer = s.object({
  workerId: s.text('Id of the worker.'),
  worker: s.text('Name of the worker.'),
  concurrency: s.integer({ minimum: 1, description: 'Concurrent tasks.' }),
  active: s.count('Running tasks of this queue.'),
  paused: s.flag(),
});
export type QueueConsumer = s.Static<typeof QueueConsumer>;

const perMinute = (tasks: string) =>
  s.orNull(
    s.number({ minimum: 0 }),
    `${tasks} per minute, over the last minute; null in the first seconds after the first start.`,
  );

const VIEW = {
  ...QUEUE,
  inPerMinute: perMinute('Tasks that came in, retries too'),
  outPerMinute: perMinute('Tasks that left, whatever became of them'),
  paused: s.orNull(SetBy, 'True while paused: workers start no new tasks from it.'),
  workers: s.count('Online workers that serve it.'),
  consumers: s.list(QueueConsumer),
  slots: s.object({ used: s.count('Occupied slots.'), total: s.count('Slots of all consumers.') }),
  globalConcurrency: s.object({
    value: s.orNull(
      s.integer({ minimum: 1 }),
      'Concurrent tasks of all workers together; null for no limit.',
    ),
    origin: s.oneOf(['default', 'override']),
    ...SET_BY,
  }),
  rateLimit: s.orNull(
    s.object({
      max: s.integer({ minimum: 1, description: 'Starts per `perMs`, all workers together.' }),
      perMs: s.integer({ minimum: 1, description: 'Period of the limit, ms.' }),
      waitMs: s.count('Time until the next start is allowed, ms; 0 for now.'),
      ...SET_BY,
    }),
  ),
  composition: s.object({
    sampled: s.count('Number of waiting tasks in the sample, taken from the front.'),
    of: s.count('Number of all waiting tasks.'),
    types: s.list(
      s.object({ type: s.text('Task type.'), count: s.count('Number of tasks.') }),
      'Most frequent first.',
    ),
  }),
  warnings: s.list(Warning),
};

const QueueView = s.named('QueueView', s.object(VIEW));
/** Queue with its pause, limits and workers, as REST and its page show it. */
export type QueueView = s.Static<typeof QueueView>;

const QueueAction = s.named(
  'QueueAction',
  s.object({
    action: s.text(
      'The action: pause, resume, concurrency, rate-limit, drain, promote, or clean with the state.',
    ),
    at: s.time('Time of the action.'),
    by: s.text('User or token; `roost` where a time limit ended.'),
    reason: s.optional(s.text('Reason.')),
    until: s.optional(s.time('End time.')),
    value: s.optional(s.count('New concurrency; absent where the limit was removed.')),
    max: s.optional(s.count('New number of starts; absent where the limit was removed.')),
    perMs: s.optional(s.count('New period, ms.')),
    done: s.optional(s.count('Number of affected tasks.')),
  }),
);
export type QueueAction = s.Static<typeof QueueAction>;

const QueueDetail = s.named(
  'QueueDetail',
  s.object({ ...VIEW, actions: s.list(QueueAction, 'Recent actions, newest first.') }),
);
export type QueueDetail = s.Static<typeof QueueDetail>;

const QueueOutcome = s.named(
  'QueueOutcome',
  s.object({
    done: s.count('Number of affected tasks.'),
    more: s.flag('True where tasks are left for another call.'),
    cure: s.optional(s.text('What to do about it.')),
    queue: QueueDetail,
  }),
);
export type QueueOutcome = s.Static<typeof QueueOutcome>;

const { reason } = ORDER_MEMBERS;
const AT_ONCE = s.integer({ minimum: 1, maximum: 100_000 });
const PauseRequest = s.named('PauseRequest', s.closed(ORDER_MEMBERS));
const ReasonRequest = s.named('ReasonRequest', s.closed({ reason }));
const DrainRequest = s.named(
  'DrainRequest',
  s.closed({
    delayed: s.optional(s.flag('Includes delayed tasks.', { default: false })),
    reason,
  }),
);
const CleanRequest = s.named(
  'CleanRequest',
  s.closed({
    state: s.oneOf(FINISHED_STATES),
    olderThanMs: s.count('Minimum time since the task finished, ms; 0 for all.'),
    limit: s.optional(
      s.integer({
        minimum: 1,
        maximum: 10_000_000,
        description: 'Maximum number of tasks, the oldest first.',
      }),
    ),
    reason,
  }),
);
const ConcurrencyRequest = s.named(
  'ConcurrencyRequest',
  s.closed({ value: s.orNull(AT_ONCE, 'Concurrent tasks; null removes the limit.'), ...ORDER_MEMBERS }),
);
const RateLimitRequest = s.named(
  'RateLimitRequest',
  s.closed({
    max: s.orNull(AT_ONCE, 'Number of starts; null removes the limit.'),
    perMs: s.optional(
      s.integer({ minimum: 1, maximum: 86_400_000, description: 'Period, ms. Required with `max`.' }),
    ),
    ...ORDER_MEMBERS,
  }),
);

const CHUNKS =
  'Runs in small batches, so that Redis continues to serve other clients. One call runs for at most 25 s; call again while the answer has `more`.';
const parameters = [parameter('QueueName')];
const MISSING = ['NOT_FOUND', 'QUEUE_NOT_FOUND', 'QUEUE_NOT_OURS', 'REDIS_UNAVAILABLE'] as const;

/** Members that all changes of a queue have in common. */
function change(answer: s.TSchema = QueueDetail, ...more: ErrorCode[]) {
  return {
    parameters,
    answers: { 200: ['The queue as it is now.', answer] as const },
    errors: [...MISSING, 'REQUEST_INVALID', ...more] as const,
  };
}

export const QUEUES_API = operations('Queues', {
  'GET /api/v1/queues': {
    id: 'listQueues',
    summary: 'List all queues',
    answers: {
      200: ['The queues with their tasks, workers and limits.', s.named('QueueList', s.items(QueueView))],
    },
    errors: ['REDIS_UNAVAILABLE'],
  },
  'GET /api/v1/queues/{name}': {
    id: 'getQueue',
    summary: 'Get one queue with its recent actions',
    parameters,
    answers: { 200: ['The queue.', QueueDetail] },
    errors: MISSING,
  },
  'POST /api/v1/queues/{name}/pause': {
    id: 'pauseQueue',
    summary: 'Pause a queue',
    description:
      'Workers finish their running tasks and start no new ones from the queue. It resumes automatically at `until`. Pausing a paused queue replaces reason and end.',
    body: json(
      PauseRequest,
      { plain: {}, 'for an hour': { reason: 'the mail server is down', forMs: 3_600_000 } },
      false,
    ),
    ...change(QueueDetail, 'STORAGE_FULL'),
  },
  'POST /api/v1/queues/{name}/resume': {
    id: 'resumeQueue',
    summary: 'Resume a paused queue',
    description: 'Workers continue with the waiting tasks.',
    body: json(ReasonRequest, { plain: {} }, false),
    ...change(),
  },
  'POST /api/v1/queues/{name}/concurrency': {
    id: 'setQueueConcurrency',
    summary: 'Limit how many tasks of a queue run at once',
    description: 'Applies to all workers together. Running tasks are not affected.',
    body: json(ConcurrencyRequest, {
      'four for a day': { value: 4, forMs: 86_400_000, reason: 'spare the database' },
      none: { value: null },
    }),
    ...change(QueueDetail, 'STORAGE_FULL'),
  },
  'POST /api/v1/queues/{name}/rate-limit': {
    id: 'setQueueRateLimit',
    summary: 'Limit how many tasks of a queue start per time',
    description: 'Applies to all workers together.',
    body: json(RateLimitRequest, { 'a hundred a minute': { max: 100, perMs: 60_000 }, none: { max: null } }),
    ...change(QueueDetail, 'STORAGE_FULL'),
  },
  'POST /api/v1/queues/{name}/drain': {
    id: 'drainQueue',
    summary: 'Cancel all waiting tasks of a queue',
    description: `Waiting tasks, and with \`delayed\` also delayed ones, end as \`cancelled\` with the user and the reason. Tasks submitted in the meantime are not affected. ${CHUNKS}`,
    body: json(
      DrainRequest,
      { waiting: { reason: 'submitted twice' }, 'delayed too': { delayed: true, reason: 'submitted twice' } },
      false,
    ),
    ...change(QueueOutcome),
  },
  'POST /api/v1/queues/{name}/clean': {
    id: 'cleanQueue',
    summary: 'Delete finished tasks of one state permanently',
    description: `Deletes them with their results and logs. ${CHUNKS}`,
    body: json(CleanRequest, { 'failed a week ago': { state: 'failed', olderThanMs: 604_800_000 } }),
    ...change(QueueOutcome),
  },
  'POST /api/v1/queues/{name}/promote': {
    id: 'promoteQueue',
    summary: 'Run all delayed tasks of a queue now',
    description: `Includes tasks that wait for another attempt. ${CHUNKS}`,
    body: json(ReasonRequest, { plain: {} }, false),
    ...change(QueueOutcome),
  },
});
