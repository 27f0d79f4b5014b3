import { FINISHED_STATES, TASK_STATES } from '../../model/states.js';
import { count, list, object, orNull, ref, text, time, type Schema, type Schemas } from '../schema.js';

const SET_BY: Schemas = {
  by: text('User or token that set it; absent where another program did.'),
  since: time('Start time.'),
  reason: text('Reason.'),
  until: time('When it ends automatically.'),
};
const SET_BY_NAMES = Object.keys(SET_BY);

/** Members of a body with a reason and an end. */
const ORDER: Schemas = {
  reason: text('Reason; shown to users.', { maxLength: 500 }),
  until: time('When it ends automatically. A time with a zone, at most one year ahead.'),
  forMs: { type: 'integer', minimum: 1, description: 'Duration in ms, instead of `until`.' },
};

const QUEUE_VIEW: Schemas = {
  name: text('Name of the queue.', { examples: ['default'] }),
  counts: ref('StateCounts'),
  oldestWaitingMs: {
    type: ['integer', 'null'],
    minimum: 0,
    description: 'How long the next task has been ready to run, ms; null while none waits.',
  },
  inPerMinute: perMinute('Tasks that came in, retries too'),
  outPerMinute: perMinute('Tasks that left, whatever became of them'),
  paused: {
    ...orNull(object(SET_BY, SET_BY_NAMES)),
    description: 'True while paused: workers start no new tasks from it.',
  },
  workers: count('Online workers that serve it.'),
  consumers: list(
    object({
      workerId: text('Id of the worker.'),
      worker: text('Name of the worker.'),
      concurrency: { type: 'integer', minimum: 1, description: 'Concurrent tasks.' },
      active: count('Running tasks of this queue.'),
      paused: { type: 'boolean' },
    }),
  ),
  slots: object({ used: count('Occupied slots.'), total: count('Slots of all consumers.') }),
  globalConcurrency: object(
    {
      value: {
        type: ['integer', 'null'],
        minimum: 1,
        description: 'Concurrent tasks of all workers together; null for no limit.',
      },
      origin: { type: 'string', enum: ['default', 'override'] },
      ...SET_BY,
    },
    SET_BY_NAMES,
  ),
  rateLimit: orNull(
    object(
      {
        max: { type: 'integer', minimum: 1, description: 'Starts per `perMs`, all workers together.' },
        perMs: { type: 'integer', minimum: 1, description: 'Period of the limit, ms.' },
        waitMs: count('Time until the next start is allowed, ms; 0 for now.'),
        ...SET_BY,
      },
      SET_BY_NAMES,
    ),
  ),
  composition: object({
    sampled: count('Number of waiting tasks in the sample, taken from the front.'),
    of: count('Number of all waiting tasks.'),
    types: list(object({ type: text('Task type.'), count: count('Number of tasks.') }), {
      description: 'Most frequent first.',
    }),
  }),
  warnings: list(ref('Warning')),
};

const DETAIL: Schema = object({
  ...QUEUE_VIEW,
  actions: list(ref('QueueAction'), { description: 'Recent actions, newest first.' }),
});

function perMinute(what: string): Schema {
  return {
    type: ['number', 'null'],
    minimum: 0,
    description: `${what} per minute, over the last minute; null in the first seconds after the first start.`,
  };
}

const AT_ONCE: Schema = { type: 'integer', minimum: 1, maximum: 100_000 };

/** Schemas of queues, limits of task types and waiting reasons (src/queues, src/limits and src/tasks). */
export const QUEUE_SCHEMAS: Schemas = {
  QueueView: object(QUEUE_VIEW),
  QueueList: object({ items: list(ref('QueueView')) }),
  QueueDetail: DETAIL,
  QueueAction: object(
    {
      action: text(
        'The action: pause, resume, concurrency, rate-limit, drain, promote, or clean with the state.',
      ),
      at: time('Time of the action.'),
      by: text('User or token; `roost` where a time limit ended.'),
      reason: text('Reason.'),
      until: time('End time.'),
      value: count('New concurrency; absent where the limit was removed.'),
      max: count('New number of starts; absent where the limit was removed.'),
      perMs: count('New period, ms.'),
      done: count('Number of affected tasks.'),
    },
    ['reason', 'until', 'value', 'max', 'perMs', 'done'],
  ),
  QueueOutcome: object(
    {
      done: count('Number of affected tasks.'),
      more: { type: 'boolean', description: 'True where tasks are left for another call.' },
      cure: text('What to do about it.'),
      queue: ref('QueueDetail'),
    },
    ['cure'],
  ),
  PauseRequest: object(ORDER, Object.keys(ORDER), { additionalProperties: false }),
  ReasonRequest: object({ reason: ORDER.reason! }, ['reason'], { additionalProperties: false }),
  DrainRequest: object(
    {
      delayed: { type: 'boolean', default: false, description: 'Includes delayed tasks.' },
      reason: ORDER.reason!,
    },
    ['delayed', 'reason'],
    { additionalProperties: false },
  ),
  CleanRequest: object(
    {
      state: { type: 'string', enum: [...FINISHED_STATES] },
      olderThanMs: count('Minimum time since the task finished, ms; 0 for all.'),
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: 10_000_000,
        description: 'Maximum number of tasks, the oldest first.',
      },
      reason: ORDER.reason!,
    },
    ['limit', 'reason'],
    { additionalProperties: false },
  ),
  ConcurrencyRequest: object(
    { value: { ...orNull(AT_ONCE), description: 'Concurrent tasks; null removes the limit.' }, ...ORDER },
    Object.keys(ORDER),
    { additionalProperties: false },
  ),
  RateLimitRequest: object(
    {
      max: {
        ...orNull({ type: 'integer', minimum: 1, maximum: 100_000 }),
        description: 'Number of starts; null removes the limit.',
      },
      perMs: {
        type: 'integer',
        minimum: 1,
        maximum: 86_400_000,
        description: 'Period, ms. Required with `max`.',
      },
      ...ORDER,
    },
    ['perMs', ...Object.keys(ORDER)],
    { additionalProperties: false },
  ),
  Blocker: object(
    {
      code: {
        type: 'string',
        enum: [
          ...[
            'QUEUE_PAUSED',
            'DELAYED',
            'RETRY_WAIT',
            'TYPE_RATE_LIMITED',
            'TYPE_CONCURRENCY_FULL',
            'NO_WORKER',
            'REDIS_TROUBLE',
            'WORKERS_UNKNOWN',
          ],
          ...['WORKERS_PAUSED', 'RATE_LIMITED', 'CONCURRENCY_FULL', 'BEHIND'],
          ...['CHILDREN', 'CHILD_FAILED', 'NOT_QUEUED'],
        ],
      },
      message: text('Description of the reason.'),
      since: time('Start time.'),
      until: time('End time.'),
      cure: text('What to do about it.'),
      href: text('Page on which to do it.'),
      tasks: list(
        object(
          {
            id: text('Id of the task.'),
            type: text('Task type.'),
            worker: text('Worker that runs it.'),
            runMs: count('Run time so far, ms.'),
            href: text('URL of the page.'),
          },
          ['worker', 'runMs'],
        ),
        { description: 'Blocking tasks, the longest-running first.' },
      ),
    },
    ['since', 'until', 'cure', 'href', 'tasks'],
  ),
  WhyView: object({
    id: text('Id of the task.'),
    state: { type: 'string', enum: [...TASK_STATES] },
    summary: text('One sentence: the first reason, or the state of a task that is not waiting.'),
    position: orNull(
      object({
        ahead: count('Number of tasks ahead in its queue.'),
        atLeast: { type: 'boolean', description: 'True where `ahead` is a lower bound.' },
      }),
    ),
    blockers: list(ref('Blocker'), {
      description: 'Reasons, the most decisive first; empty where none was found.',
    }),
    unknown: list(text('The unknown fact, and why it is not known.'), {
      description: 'Facts that could not be determined, for tasks of other programs.',
    }),
    estimate: orNull(
      object(
        {
          startInMs: {
            type: ['integer', 'null'],
            minimum: 0,
            description: 'Time until the start, ms; null where no estimate is possible.',
          },
          startAt: { type: ['string', 'null'], format: 'date-time' },
          basis: text('Basis of the estimate, or the reason why there is none.'),
        },
        [],
        { description: 'Estimated start.' },
      ),
    ),
  }),
};
