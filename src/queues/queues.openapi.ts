import { FINISHED_STATES } from '../model/states.js';
import {
  closed,
  count,
  flag,
  integer,
  items,
  list,
  named,
  number,
  object,
  oneOf,
  optional,
  orNull,
  text,
  time,
  type Static,
  type TSchema,
} from '../model/schema.js';
import { QUEUE, Warning } from '../monitoring/monitoring.openapi.js';
import { ORDER_MEMBERS, parameter } from '../openapi/components.js';
import { json, operations } from '../openapi/operation.js';
import type { ErrorCode } from '../model/errors.js';

const SET_BY = {
  by: optional(text('User or token that set it; absent where another program did.')),
  since: optional(time('Start time.')),
  reason: optional(text('Reason.')),
  until: optional(time('When it ends automatically.')),
};
const SetBy = object(SET_BY);
/** Author, time, reason and end of a setting; empty if another program made it. */
export type SetBy = Static<typeof SetBy>;

const QueueConsumer = object({
  workerId: text('Id of the worker.'),
  worker: text('Name of the worker.'),
  concurrency: integer({ minimum: 1, description: 'Concurrent tasks.' }),
  active: count('Running tasks of this queue.'),
  paused: flag(),
});
export type QueueConsumer = Static<typeof QueueConsumer>;

const perMinute = (tasks: string) =>
  orNull(
    number({ minimum: 0 }),
    `${tasks} per minute, over the last minute; null in the first seconds after the first start.`,
  );

const VIEW = {
  ...QUEUE,
  inPerMinute: perMinute('Tasks that came in, retries too'),
  outPerMinute: perMinute('Tasks that left, whatever became of them'),
  paused: orNull(SetBy, 'True while paused: workers start no new tasks from it.'),
  workers: count('Online workers that serve it.'),
  consumers: list(QueueConsumer),
  slots: object({ used: count('Occupied slots.'), total: count('Slots of all consumers.') }),
  globalConcurrency: object({
    value: orNull(integer({ minimum: 1 }), 'Concurrent tasks of all workers together; null for no limit.'),
    origin: oneOf(['default', 'override']),
    ...SET_BY,
  }),
  rateLimit: orNull(
    object({
      max: integer({ minimum: 1, description: 'Starts per `perMs`, all workers together.' }),
      perMs: integer({ minimum: 1, description: 'Period of the limit, ms.' }),
      waitMs: count('Time until the next start is allowed, ms; 0 for now.'),
      ...SET_BY,
    }),
  ),
  composition: object({
    sampled: count('Number of waiting tasks in the sample, taken from the front.'),
    of: count('Number of all waiting tasks.'),
    types: list(
      object({ type: text('Task type.'), count: count('Number of tasks.') }),
      'Most frequent first.',
    ),
  }),
  warnings: list(Warning),
};

const QueueView = named('QueueView', object(VIEW));
/** Queue with its pause, limits and workers, as REST and its page show it. */
export type QueueView = Static<typeof QueueView>;

const QueueAction = named(
  'QueueAction',
  object({
    action: text(
      'The action: pause, resume, concurrency, rate-limit, drain, promote, or clean with the state.',
    ),
    at: time('Time of the action.'),
    by: text('User or token; `roost` where a time limit ended.'),
    reason: optional(text('Reason.')),
    until: optional(time('End time.')),
    value: optional(count('New concurrency; absent where the limit was removed.')),
    max: optional(count('New number of starts; absent where the limit was removed.')),
    perMs: optional(count('New period, ms.')),
    done: optional(count('Number of affected tasks.')),
  }),
);
export type QueueAction = Static<typeof QueueAction>;

const QueueDetail = named(
  'QueueDetail',
  object({ ...VIEW, actions: list(QueueAction, 'Recent actions, newest first.') }),
);
export type QueueDetail = Static<typeof QueueDetail>;

const QueueOutcome = named(
  'QueueOutcome',
  object({
    done: count('Number of affected tasks.'),
    more: flag('True where tasks are left for another call.'),
    cure: optional(text('What to do about it.')),
    queue: QueueDetail,
  }),
);
export type QueueOutcome = Static<typeof QueueOutcome>;

const { reason } = ORDER_MEMBERS;
const AT_ONCE = integer({ minimum: 1, maximum: 100_000 });
const PauseRequest = named('PauseRequest', closed(ORDER_MEMBERS));
const ReasonRequest = named('ReasonRequest', closed({ reason }));
const DrainRequest = named(
  'DrainRequest',
  closed({
    delayed: optional(flag('Includes delayed tasks.', { default: false })),
    reason,
  }),
);
const CleanRequest = named(
  'CleanRequest',
  closed({
    state: oneOf(FINISHED_STATES),
    olderThanMs: count('Minimum time since the task finished, ms; 0 for all.'),
    limit: optional(
      integer({
        minimum: 1,
        maximum: 10_000_000,
        description: 'Maximum number of tasks, the oldest first.',
      }),
    ),
    reason,
  }),
);
const ConcurrencyRequest = named(
  'ConcurrencyRequest',
  closed({ value: orNull(AT_ONCE, 'Concurrent tasks; null removes the limit.'), ...ORDER_MEMBERS }),
);
const RateLimitRequest = named(
  'RateLimitRequest',
  closed({
    max: orNull(AT_ONCE, 'Number of starts; null removes the limit.'),
    perMs: optional(
      integer({ minimum: 1, maximum: 86_400_000, description: 'Period, ms. Required with `max`.' }),
    ),
    ...ORDER_MEMBERS,
  }),
);

const CHUNKS =
  'Runs in small batches, so that Redis continues to serve other clients. One call runs for at most 25 s; call again while the answer has `more`.';
const parameters = [parameter('QueueName')];
const MISSING = ['NOT_FOUND', 'QUEUE_NOT_FOUND', 'QUEUE_NOT_OURS', 'REDIS_UNAVAILABLE'] as const;

/** Members that all changes of a queue have in common. */
function change(answer: TSchema = QueueDetail, ...more: ErrorCode[]) {
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
      200: ['The queues with their tasks, workers and limits.', named('QueueList', items(QueueView))],
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
