import { MAX_LISTED } from '../../fleet/worker-record.js';
import { COMMAND_NAMES } from '../../fleet/parse-command.js';
import { count, list, object, orNull, ref, text, time, type Schema, type Schemas } from '../schema.js';

const AMOUNT = { type: 'number', minimum: 0 };
const SLOTS = { type: 'integer', minimum: 1, maximum: 1000 };

const VIEW: Schemas = {
  id: text('New with every start of the process.'),
  name: text('From the setting WORKER_NAME; else host and process id.'),
  host: text('The machine it runs on.'),
  pid: { type: 'integer', minimum: 1 },
  status: {
    type: 'string',
    enum: ['online', 'paused', 'draining', 'offline'],
    description: 'paused and draining are online as well; draining: it ends when it is done.',
  },
  startedAt: time('Start of the process.'),
  lastSeenAt: time('Its last sign of life.'),
  clockAheadMs: {
    type: ['integer', 'null'],
    description:
      "How far its machine's clock is ahead of Redis's, ms; negative behind. All times told are by Redis's clock. Null where it did not tell.",
  },
  consumers: list(ref('WorkerConsumer')),
  active: count('Tasks it runs at this moment.'),
  slots: count('Tasks it could run at once, all queues together.'),
  totals: ref('WorkerTotals'),
  load: object({
    cpuPercent: {
      ...AMOUNT,
      description: 'Of one core, over the last second; a process can use more than 100.',
    },
    rssBytes: count('Memory in use.'),
    heapUsedBytes: count('Of it, heap of JavaScript.'),
    heapLimitBytes: count('The most that may be.'),
    lagMs: { ...AMOUNT, description: 'How late timers were over the last second.' },
    busyPercent: { ...AMOUNT, description: 'Share of the last second the event loop was busy.' },
    loadAverage: list(AMOUNT, {
      minItems: 3,
      maxItems: 3,
      description: 'Of its machine, over 1, 5 and 15 minutes.',
    }),
  }),
  versions: object(
    {
      app: text('Its APP_VERSION.', { examples: ['9f86d08'] }),
      roost: { type: 'string' },
      node: { type: 'string' },
      bullmq: { type: 'string' },
    },
    ['app'],
  ),
  paused: orNull(object({ by: text('Who.'), at: time('When.'), reason: text('Why.') }, ['reason'])),
  left: text('Why it left, with the status offline.'),
};

const DETAIL: Schemas = {
  args: list({ type: 'string' }, { description: 'What it was started with, secrets masked.' }),
  settings: {
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Its settings, secrets masked.',
  },
  taskTypes: list(
    object({ name: text('Of the task type.'), queue: text('Its queue.'), isolated: { type: 'boolean' } }),
  ),
  running: list(
    object({
      id: text('Of the task.'),
      type: text('Its type.'),
      queue: text('Its queue.'),
      attempt: { type: 'integer', minimum: 1 },
      startedAt: time('Start of the attempt.'),
      runMs: count('Up to now.'),
    }),
    { maxItems: MAX_LISTED, description: 'What runs at this moment, the longest first.' },
  ),
  byType: { type: 'object', additionalProperties: ref('WorkerTotals'), description: 'Totals by task type.' },
  children: list(
    object(
      {
        pid: { type: 'integer' },
        busy: { type: 'boolean' },
        taskId: text('What it runs.'),
        tasksDone: count('Since its start.'),
        rssMb: AMOUNT,
      },
      ['taskId'],
    ),
    { description: 'Processes of isolated task types.' },
  ),
};

/** Workers and what they are told, as fleet/ has them. */
export const WORKER_SCHEMAS: Schemas = {
  WorkerConsumer: object({
    queue: text('Which queue.'),
    concurrency: { ...SLOTS, description: 'Tasks at once.' },
    active: count('Tasks of it under way.'),
    paused: { type: 'boolean' },
    autoscale: orNull(object({ min: SLOTS, max: SLOTS })),
  }),
  WorkerTotals: object(
    {
      completed: count('Completed.'),
      failed: count('Failed for good.'),
      retried: count('Failed, to be tried again.'),
      cancelled: count('Cancelled.'),
    },
    [],
    { description: 'Since the process started.' },
  ),
  WorkerView: object(VIEW, ['left']),
  WorkerDetail: object({ ...VIEW, ...DETAIL }, ['left']),
  WorkerList: object({ items: list(ref('WorkerView')) }),
  LoadSampleList: object({
    items: list(
      object({
        at: { type: 'integer', description: 'ms since 1970.' },
        cpu: { ...AMOUNT, description: 'Percent of one core.' },
        rssMb: AMOUNT,
        lagMs: AMOUNT,
        active: count('Tasks under way.'),
      }),
      { description: 'One a second over two minutes, oldest first.' },
    ),
  }),
  CommandName: { type: 'string', enum: [...COMMAND_NAMES] },
  CommandArgs: commandArgs({}),
  FleetCommandArgs: commandArgs({
    ids: {
      description: 'Which workers: their ids, or `all`.',
      anyOf: [{ const: 'all' }, list({ type: 'string' })],
    },
  }),
  CommandAnswer: object({
    ok: { const: true },
    command: ref('CommandName'),
    result: { type: 'object', description: 'What the worker says it did.' },
  }),
  FleetAnswerList: object({
    items: list(
      object(
        {
          id: text('Of the worker.'),
          name: text('Its name.'),
          ok: { type: 'boolean' },
          result: { type: 'object', description: 'What it says it did.' },
          why: text('Why it did not.'),
        },
        ['result', 'why'],
      ),
    ),
  }),
};

function commandArgs(more: Schemas): Schema {
  return {
    type: 'object',
    description: 'What a command takes depends on its name; anything else is refused.',
    properties: {
      ...more,
      queue: text('Of concurrency, autoscale, add-consumer and cancel-consumer.'),
      concurrency: { ...SLOTS, description: 'Of concurrency and, if need be, add-consumer.' },
      min: { ...SLOTS, description: 'Of autoscale.' },
      max: { ...SLOTS, description: 'Of autoscale.' },
      off: { type: 'boolean', description: 'Of autoscale: no more.' },
      reason: text('Of pause.', { maxLength: 500 }),
      now: { type: 'boolean', description: 'Of stop: without waiting; what runs is run again elsewhere.' },
    },
    ...(more.ids ? { required: ['ids'] } : {}),
    additionalProperties: false,
  };
}
