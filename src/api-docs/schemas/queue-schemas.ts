import { SETTLED_STATES, TASK_STATES } from '../../contract/states.js';
import { count, list, object, orNull, ref, text, time, type Schema, type Schemas } from '../schema.js';

const SET_BY: Schemas = {
  by: text('Who set it; absent where another program did.'),
  since: time('Since when.'),
  reason: text('Why.'),
  until: time('It ends by itself then.'),
};
const SET_BY_NAMES = Object.keys(SET_BY);

/** Members of a body that says why, and when it is over. */
const ORDER: Schemas = {
  reason: text('Why; shown with it.', { maxLength: 500 }),
  until: time('It ends by itself then. A time with its zone, at most a year ahead.'),
  forMs: {
    type: 'integer',
    minimum: 1,
    description: 'In place of `until`: it ends after so many milliseconds.',
  },
};

const QUEUE_VIEW: Schemas = {
  name: text('Its name.', { examples: ['default'] }),
  counts: ref('StateCounts'),
  oldestWaitingMs: {
    type: ['integer', 'null'],
    minimum: 0,
    description: 'How long the task next in turn has been ready to run; null while none waits.',
  },
  inPerMinute: perMinute('Tasks that came in, retries too'),
  outPerMinute: perMinute('Tasks that left, whatever became of them'),
  paused: {
    ...orNull(object(SET_BY, SET_BY_NAMES)),
    description: 'Paused: workers take nothing new from it.',
  },
  workers: count('Workers online that serve it.'),
  consumers: list(
    object({
      workerId: text('Id of the worker.'),
      worker: text('Its name.'),
      concurrency: { type: 'integer', minimum: 1, description: 'Tasks at once.' },
      active: count('Tasks of this queue it runs.'),
      paused: { type: 'boolean' },
    }),
  ),
  slots: object({ used: count('Taken.'), total: count('Of all consumers.') }),
  globalConcurrency: object(
    {
      value: {
        type: ['integer', 'null'],
        minimum: 1,
        description: 'Tasks at once, all workers together; null for no limit.',
      },
      origin: { type: 'string', enum: ['default', 'override'] },
      ...SET_BY,
    },
    SET_BY_NAMES,
  ),
  rateLimit: orNull(
    object(
      {
        max: { type: 'integer', minimum: 1, description: 'Starts, all workers together...' },
        perMs: { type: 'integer', minimum: 1, description: '...within so many milliseconds.' },
        waitMs: count('Until the next may start; 0 for now.'),
        ...SET_BY,
      },
      SET_BY_NAMES,
    ),
  ),
  composition: object({
    sampled: count('Tasks next in turn that were looked at...'),
    of: count('...of all that wait.'),
    types: list(object({ type: text('Task type.'), count: count('How many.') }), {
      description: 'Most frequent first.',
    }),
  }),
  warnings: list(ref('Warning')),
};

const DETAIL: Schema = object({
  ...QUEUE_VIEW,
  actions: list(ref('QueueAction'), { description: 'What was done to it, newest first.' }),
});

function limit(schema: Schema, description: string): Schema {
  return object({ value: orNull(schema), origin: { type: 'string', enum: ['default', 'override'] } }, [], {
    description,
  });
}

function perMinute(what: string): Schema {
  return {
    type: ['number', 'null'],
    minimum: 0,
    description: `${what}, a minute, over the last minute; null in the first seconds after the first start.`,
  };
}

const RATE = object({
  max: { type: 'integer', minimum: 1, maximum: 100_000, description: 'Starts...' },
  perMs: {
    type: 'integer',
    minimum: 1,
    maximum: 86_400_000,
    description: '...within any so many milliseconds.',
  },
});
const TIMEOUT: Schema = { type: 'integer', minimum: 1, maximum: 2_147_483_647 };
const AT_ONCE: Schema = { type: 'integer', minimum: 1, maximum: 100_000 };

/** Queues, limits of task types and "why isn't it running?", as queues/, limits/ and tasks/ have them. */
export const QUEUE_SCHEMAS: Schemas = {
  QueueView: object(QUEUE_VIEW),
  QueueList: object({ items: list(ref('QueueView')) }),
  QueueDetail: DETAIL,
  QueueAction: object(
    {
      action: text('pause, resume, concurrency, rate-limit, drain, promote, or clean with the state.'),
      at: time('When.'),
      by: text('Who; `roost` where a time was over.'),
      reason: text('Why.'),
      until: time('Until when.'),
      value: count('Concurrency it was set to; absent where the limit was lifted.'),
      max: count('Starts it was set to; absent where the limit was lifted.'),
      perMs: count('Within so many milliseconds.'),
      done: count('Tasks it was done to.'),
    },
    ['reason', 'until', 'value', 'max', 'perMs', 'done'],
  ),
  QueueOutcome: object(
    {
      done: count('Tasks it was done to.'),
      more: { type: 'boolean', description: 'There was more than one call does.' },
      cure: text('What to do about it.'),
      queue: ref('QueueDetail'),
    },
    ['cure'],
  ),
  PauseRequest: object(ORDER, Object.keys(ORDER), { additionalProperties: false }),
  ReasonRequest: object({ reason: ORDER.reason! }, ['reason'], { additionalProperties: false }),
  DrainRequest: object(
    {
      delayed: { type: 'boolean', default: false, description: 'Those that are delayed as well.' },
      reason: ORDER.reason!,
    },
    ['delayed', 'reason'],
    { additionalProperties: false },
  ),
  CleanRequest: object(
    {
      state: { type: 'string', enum: [...SETTLED_STATES] },
      olderThanMs: count('Only tasks that settled so long ago or before; 0 for all.'),
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: 10_000_000,
        description: 'At most so many, the oldest.',
      },
      reason: ORDER.reason!,
    },
    ['limit', 'reason'],
    { additionalProperties: false },
  ),
  ConcurrencyRequest: object(
    { value: { ...orNull(AT_ONCE), description: 'Tasks at once; null lifts the limit.' }, ...ORDER },
    Object.keys(ORDER),
    { additionalProperties: false },
  ),
  RateLimitRequest: object(
    {
      max: {
        ...orNull({ type: 'integer', minimum: 1, maximum: 100_000 }),
        description: 'Starts; null lifts the limit.',
      },
      perMs: { type: 'integer', minimum: 1, maximum: 86_400_000, description: 'Needed with `max`.' },
      ...ORDER,
    },
    ['perMs', ...Object.keys(ORDER)],
    { additionalProperties: false },
  ),
  Rate: RATE,
  TypeLimits: object({
    type: text('Name of the task type.'),
    title: text('Its title.'),
    queue: text('Its queue.'),
    softTimeoutMs: limit(TIMEOUT, 'After which an attempt is asked to stop.'),
    hardTimeoutMs: limit(TIMEOUT, 'After which an attempt fails.'),
    rate: limit(ref('Rate'), 'Starts per time, the whole fleet together.'),
    concurrency: limit(AT_ONCE, 'Running at once, the whole fleet together.'),
    override: orNull(
      object(
        {
          by: text('Who set it.'),
          since: time('When.'),
          reason: text('Why.'),
          until: time('The defaults return then.'),
        },
        ['reason', 'until'],
      ),
    ),
    slotsTaken: count('Tasks that have a slot of the concurrency limit.'),
    held: count('Tasks that a limit holds back; they are `delayed`.'),
  }),
  TypeLimitsList: object({ items: list(ref('TypeLimits')) }),
  LimitsRequest: object(
    {
      softTimeoutMs: { ...orNull(TIMEOUT), description: 'null for none.' },
      hardTimeoutMs: { ...orNull(TIMEOUT), description: 'null for none.' },
      rate: { ...orNull(ref('Rate')), description: 'null for none.' },
      concurrency: { ...orNull(AT_ONCE), description: 'null for none.' },
      ...ORDER,
    },
    ['softTimeoutMs', 'hardTimeoutMs', 'rate', 'concurrency', ...Object.keys(ORDER)],
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
          ],
          ...['WORKERS_PAUSED', 'RATE_LIMITED', 'CONCURRENCY_FULL', 'BEHIND'],
        ],
      },
      message: text('What is in the way.'),
      since: time('Since when.'),
      until: time('It is over then.'),
      cure: text('What to do about it.'),
      href: text('Page where it is done.'),
      tasks: list(
        object(
          {
            id: text('Id of the task.'),
            type: text('Its type.'),
            worker: text('Where it runs.'),
            runMs: count('For so long.'),
            href: text('Its page.'),
          },
          ['worker', 'runMs'],
        ),
        { description: 'Tasks that stand in the way, the longest running first.' },
      ),
    },
    ['since', 'until', 'cure', 'href', 'tasks'],
  ),
  WhyView: object({
    id: text('Id of the task.'),
    state: { type: 'string', enum: [...TASK_STATES] },
    summary: text('One sentence: the first reason, or what the task does instead of waiting.'),
    position: orNull(
      object({
        ahead: count('Tasks before it in its queue.'),
        atLeast: { type: 'boolean', description: 'There are more before it than were looked at.' },
      }),
    ),
    blockers: list(ref('Blocker'), {
      description: 'What decides first comes first; empty where nothing is in the way.',
    }),
    estimate: orNull(
      object(
        {
          startInMs: { type: ['integer', 'null'], minimum: 0, description: 'null where nobody can tell.' },
          startAt: { type: ['string', 'null'], format: 'date-time' },
          basis: text('What it rests on, or why nobody can tell.'),
        },
        [],
        { description: 'When it will start.' },
      ),
    ),
  }),
};
