import { MAX_LISTED_TASKS } from '../../workers/worker-record.js';
import { COMMAND_NAMES } from '../../workers/parse-command.js';
import {
  anyObject,
  count,
  list,
  object,
  orNull,
  ref,
  text,
  time,
  type Schema,
  type Schemas,
} from '../schema.js';

const AMOUNT = { type: 'number', minimum: 0 };
const SLOTS = { type: 'integer', minimum: 1, maximum: 1000 };

const VIEW: Schemas = {
  id: text('Id; new at each start of the process.'),
  name: text('Name from the setting WORKER_NAME, or host and process id.'),
  host: text('Host it runs on.'),
  pid: { type: 'integer', minimum: 1 },
  status: {
    type: 'string',
    enum: ['online', 'paused', 'draining', 'unknown', 'offline'],
    description: 'paused and draining workers are online; a draining worker exits when its tasks have ended.',
  },
  startedAt: time('Start of the process.'),
  lastSeenAt: time('Last heartbeat.'),
  clockAheadMs: {
    type: ['integer', 'null'],
    description:
      "Difference between its clock and Redis's, ms; positive is ahead. All reported times use Redis's clock. Null where not reported.",
  },
  consumers: list(ref('WorkerConsumer')),
  active: count('Running tasks.'),
  slots: count('Concurrency, all queues together.'),
  totals: ref('WorkerTotals'),
  load: object({
    cpuPercent: {
      ...AMOUNT,
      description: 'Percent of one core, over the last second; can exceed 100.',
    },
    rssBytes: count('Resident memory.'),
    heapUsedBytes: count('Used JavaScript heap.'),
    heapLimitBytes: count('Limit of the JavaScript heap.'),
    lagMs: { ...AMOUNT, description: 'Event-loop delay over the last second, ms.' },
    busyPercent: { ...AMOUNT, description: 'Event-loop utilization over the last second, percent.' },
    loadAverage: list(AMOUNT, {
      minItems: 3,
      maxItems: 3,
      description: 'Load average of its host over 1, 5 and 15 minutes.',
    }),
  }),
  versions: object(
    {
      app: text('APP_VERSION of the worker.', { examples: ['9f86d08'] }),
      roost: { type: 'string' },
      node: { type: 'string' },
      bullmq: { type: 'string' },
    },
    ['app'],
  ),
  paused: orNull(
    object({ by: text('User or token.'), at: time('Time.'), reason: text('Reason.') }, ['reason']),
  ),
  left: text('Reason why it exited, with the status offline.'),
};

const DETAIL: Schemas = {
  args: list({ type: 'string' }, { description: 'Command-line arguments, secrets masked.' }),
  settings: {
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Settings, secrets masked.',
  },
  taskTypes: list(
    object({
      name: text('Name of the task type.'),
      queue: text('Queue of the task type.'),
      isolated: { type: 'boolean' },
    }),
  ),
  running: list(
    object({
      id: text('Id of the task.'),
      type: text('Task type.'),
      queue: text('Queue of the task.'),
      attempt: { type: 'integer', minimum: 1 },
      startedAt: time('Start of the attempt.'),
      runMs: count('Run time so far, ms.'),
    }),
    { maxItems: MAX_LISTED_TASKS, description: 'Running tasks, the longest-running first.' },
  ),
  byType: { type: 'object', additionalProperties: ref('WorkerTotals'), description: 'Totals by task type.' },
  children: list(
    object(
      {
        pid: { type: 'integer' },
        busy: { type: 'boolean' },
        taskId: text('Task that it runs.'),
        tasksDone: count('Tasks run since its start.'),
        rssMb: AMOUNT,
      },
      ['taskId'],
    ),
    { description: 'Processes of isolated task types.' },
  ),
};

/** Schemas of workers and their commands (src/workers). */
export const WORKER_SCHEMAS: Schemas = {
  WorkerConsumer: object({
    queue: text('Name of the queue.'),
    concurrency: { ...SLOTS, description: 'Concurrent tasks.' },
    active: count('Running tasks of the queue.'),
    paused: { type: 'boolean' },
    autoscale: orNull(object({ min: SLOTS, max: SLOTS })),
  }),
  WorkerTotals: object(
    {
      completed: count('Completed.'),
      failed: count('Failed permanently.'),
      retried: count('Failed, with another attempt to follow.'),
      cancelled: count('Cancelled.'),
    },
    [],
    { description: 'Counts since the process started.' },
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
        active: count('Running tasks.'),
      }),
      { description: 'One sample per second over two minutes, oldest first.' },
    ),
  }),
  CommandName: { type: 'string', enum: [...COMMAND_NAMES] },
  CommandArgs: commandArgs({}),
  FleetCommandArgs: commandArgs({
    ids: {
      description: 'Ids of the workers, or `all`.',
      anyOf: [{ const: 'all' }, list({ type: 'string' })],
    },
  }),
  CommandAnswer: object({
    ok: { const: true },
    command: ref('CommandName'),
    result: anyObject('Result reported by the worker.'),
  }),
  FleetAnswerList: object({
    items: list(
      object(
        {
          id: text('Id of the worker.'),
          name: text('Name of the worker.'),
          ok: { type: 'boolean' },
          result: anyObject('Result reported by the worker.'),
          why: text('Reason why it refused or failed.'),
          silent: {
            const: true,
            description:
              'Set where the worker did not answer; `why` states whether it may still execute the command.',
          },
        },
        ['result', 'why', 'silent'],
      ),
    ),
  }),
};

function commandArgs(more: Schemas): Schema {
  return {
    type: 'object',
    description: 'Arguments depend on the command; others are refused.',
    properties: {
      ...more,
      queue: text('For concurrency, autoscale, add-consumer and cancel-consumer.'),
      concurrency: { ...SLOTS, description: 'For concurrency; optional for add-consumer.' },
      min: { ...SLOTS, description: 'For autoscale.' },
      max: { ...SLOTS, description: 'For autoscale.' },
      off: { type: 'boolean', description: 'For autoscale: turns it off.' },
      reason: text('For pause.', { maxLength: 500 }),
      now: {
        type: 'boolean',
        description: 'For stop: exits without waiting; running tasks run again on another worker.',
      },
    },
    ...(more.ids ? { required: ['ids'] } : {}),
    additionalProperties: false,
  };
}
