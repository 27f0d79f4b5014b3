import {
  anyObject,
  closed,
  constant,
  count,
  either,
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
  partial,
  record,
  string,
  text,
  time,
  type Static,
} from '../model/schema.js';
import { parameter } from '../openapi/components.js';
import { json, operations, UNREADABLE } from '../openapi/operation.js';
import { COMMAND_NAMES } from './parse-command.js';
import { MAX_LISTED_TASKS } from './worker-record.js';

const amount = (description?: string) => number({ minimum: 0, ...(description ? { description } : {}) });
const slots = (description?: string) =>
  integer({ minimum: 1, maximum: 1000, ...(description ? { description } : {}) });

const WorkerConsumer = named(
  'WorkerConsumer',
  object({
    queue: text('Name of the queue.'),
    concurrency: slots('Concurrent tasks.'),
    active: count('Running tasks of the queue.'),
    paused: flag(),
    autoscale: orNull(object({ min: slots(), max: slots() })),
  }),
);

const WorkerTotals = named(
  'WorkerTotals',
  object(
    {
      completed: count('Completed.'),
      failed: count('Failed permanently.'),
      retried: count('Failed, with another attempt to follow.'),
      cancelled: count('Cancelled.'),
    },
    { description: 'Counts since the process started.' },
  ),
);

const VIEW = {
  id: text('Id; new at each start of the process.'),
  name: text('Name from the setting WORKER_NAME, or host and process id.'),
  host: text('Host it runs on.'),
  pid: integer({ minimum: 1 }),
  status: oneOf(
    ['online', 'paused', 'draining', 'unknown', 'offline'],
    'paused and draining workers are online; a draining worker exits when its tasks have ended.',
  ),
  startedAt: time('Start of the process.'),
  lastSeenAt: time('Last heartbeat.'),
  clockAheadMs: orNull(
    integer(),
    "Difference between its clock and Redis's, ms; positive is ahead. All reported times use Redis's clock. Null where not reported.",
  ),
  consumers: list(WorkerConsumer),
  active: count('Running tasks.'),
  slots: count('Concurrency, all queues together.'),
  totals: WorkerTotals,
  load: object({
    cpuPercent: amount('Percent of one core, over the last second; can exceed 100.'),
    rssBytes: count('Resident memory.'),
    heapUsedBytes: count('Used JavaScript heap.'),
    heapLimitBytes: count('Limit of the JavaScript heap.'),
    lagMs: amount('Event-loop delay over the last second, ms.'),
    busyPercent: amount('Event-loop utilization over the last second, percent.'),
    loadAverage: list(amount(), 'Load average of its host over 1, 5 and 15 minutes.', {
      minItems: 3,
      maxItems: 3,
    }),
  }),
  versions: object({
    app: optional(text('APP_VERSION of the worker.', { examples: ['9f86d08'] })),
    roost: string(),
    node: string(),
    bullmq: string(),
  }),
  paused: orNull(
    object({ by: text('User or token.'), at: time('Time.'), reason: optional(text('Reason.')) }),
  ),
  left: optional(text('Reason why it exited, with the status offline.')),
};

export const WorkerView = named('WorkerView', object(VIEW));
/** Worker as REST and the pages show it. */
export type WorkerView = Static<typeof WorkerView>;

const WorkerDetail = named(
  'WorkerDetail',
  object({
    ...VIEW,
    args: list(string(), 'Command-line arguments, secrets masked.'),
    settings: record(string(), 'Settings, secrets masked.'),
    taskTypes: list(
      object({
        name: text('Name of the task type.'),
        queue: text('Queue of the task type.'),
        isolated: flag(),
      }),
    ),
    running: list(
      object({
        id: text('Id of the task.'),
        type: text('Task type.'),
        queue: text('Queue of the task.'),
        attempt: integer({ minimum: 1 }),
        startedAt: time('Start of the attempt.'),
        runMs: count('Run time so far, ms.'),
      }),
      'Running tasks, the longest-running first.',
      { maxItems: MAX_LISTED_TASKS },
    ),
    byType: record(WorkerTotals, 'Totals by task type.'),
    children: list(
      object({
        pid: integer(),
        busy: flag(),
        taskId: optional(text('Task that it runs.')),
        tasksDone: count('Tasks run since its start.'),
        rssMb: amount(),
      }),
      'Processes of isolated task types.',
    ),
  }),
);
export type WorkerDetail = Static<typeof WorkerDetail>;

const LoadSampleList = named(
  'LoadSampleList',
  items(
    object({
      at: integer({ description: 'ms since 1970.' }),
      cpu: amount('Percent of one core.'),
      rssMb: amount(),
      lagMs: amount(),
      active: count('Running tasks.'),
    }),
    'One sample per second over two minutes, oldest first.',
  ),
);

export const CommandName = named('CommandName', oneOf(COMMAND_NAMES));

const ARGUMENTS = {
  queue: optional(text('For concurrency, autoscale, add-consumer and cancel-consumer.')),
  concurrency: optional(slots('For concurrency; optional for add-consumer.')),
  min: optional(slots('For autoscale.')),
  max: optional(slots('For autoscale.')),
  off: optional(flag('For autoscale: turns it off.')),
  reason: optional(text('For pause.', { maxLength: 500 })),
  now: optional(flag('For stop: exits without waiting; running tasks run again on another worker.')),
};
const described = { description: 'Arguments depend on the command; others are refused.' };
const CommandArgs = named('CommandArgs', closed(ARGUMENTS, described));
const FleetCommandArgs = named(
  'FleetCommandArgs',
  closed(
    { ids: either([constant('all'), list(string())], 'Ids of the workers, or `all`.'), ...ARGUMENTS },
    described,
  ),
);

const result = anyObject('Result reported by the worker.');
const CommandAnswer = named('CommandAnswer', object({ ok: constant(true), command: CommandName, result }));

const WorkerReply = object({
  id: text('Id of the worker.'),
  name: text('Name of the worker.'),
  ok: flag(),
  result: optional(result),
  why: optional(text('Reason why it refused or failed.')),
  silent: optional(
    constant(
      true,
      'Set where the worker did not answer; `why` states whether it may still execute the command.',
    ),
  ),
});
/** Reply of one of several workers to a command. */
export type WorkerReply = Static<typeof WorkerReply>;

const id = parameter('WorkerId');
const command = parameter('Command');
const MISSING = ['NOT_FOUND', 'WORKER_NOT_FOUND', 'REDIS_UNAVAILABLE'] as const;

const COMMANDS = [
  '| command | arguments | effect |',
  '| --- | --- | --- |',
  '| `ping` | | answers |',
  '| `concurrency` | `queue`, `concurrency` | sets the number of concurrent tasks of the queue |',
  '| `autoscale` | `queue`, `min` and `max`, or `off` | lets the worker choose the concurrency between the two |',
  '| `pause`, `resume` | `reason?` | stops and resumes starting new tasks |',
  '| `add-consumer`, `cancel-consumer` | `queue`, `concurrency?` | starts or stops serving a queue |',
  '| `drain` | | starts no new tasks and exits when the running ones have ended |',
  '| `stop` | `now?` | exits; with `now` at once, and its running tasks run again on another worker |',
  '| `restart-children` | | replaces the processes of isolated task types |',
].join('\n');

export const WORKERS_API = operations('Workers', {
  'GET /api/v1/workers': {
    id: 'listWorkers',
    summary: 'List all workers seen within the last hour',
    answers: {
      200: ['The workers, online ones first, then by name.', named('WorkerList', items(WorkerView))],
    },
    errors: ['REDIS_UNAVAILABLE'],
  },
  'GET /api/v1/workers/{id}': {
    id: 'getWorker',
    summary: 'Get one worker with all details',
    parameters: [id],
    answers: { 200: ['The worker.', WorkerDetail] },
    errors: MISSING,
  },
  'DELETE /api/v1/workers/{id}': {
    id: 'dismissWorker',
    summary: 'Remove an offline worker from the list',
    parameters: [id],
    answers: { 204: 'The worker was removed.' },
    errors: [...MISSING, ...UNREADABLE, 'COMMAND_REFUSED'],
  },
  'GET /api/v1/workers/{id}/samples': {
    id: 'listLoadSamples',
    summary: 'List the load of a worker over the last two minutes',
    parameters: [id],
    answers: { 200: ['One point a second.', LoadSampleList] },
    errors: MISSING,
  },
  'POST /api/v1/workers/{id}/{command}': {
    id: 'commandWorker',
    summary: 'Send a command to a worker',
    description: `Returns the answer of the worker.\n\n${COMMANDS}`,
    parameters: [id, command],
    body: json(
      CommandArgs,
      {
        nothing: { summary: 'ping, resume, drain', value: {} },
        concurrency: { summary: 'concurrency', value: { queue: 'default', concurrency: 20 } },
        pause: { summary: 'pause', value: { reason: 'maintenance' } },
      },
      false,
    ),
    answers: { 200: ['Done.', CommandAnswer] },
    errors: [...MISSING, 'COMMAND_REFUSED', 'REQUEST_INVALID', 'STORAGE_FULL', 'WORKER_NO_ANSWER'],
  },
  'POST /api/v1/workers/commands/{command}': {
    id: 'commandWorkers',
    summary: 'Send a command to several or all workers',
    description: 'Returns the answer of each worker.',
    parameters: [command],
    body: json(FleetCommandArgs, {
      all: { summary: 'ping, resume, drain', value: { ids: 'all' } },
      pause: { summary: 'pause', value: { ids: 'all', reason: 'maintenance' } },
    }),
    answers: { 200: ['The answer of each worker.', named('FleetAnswerList', items(WorkerReply))] },
    errors: ['NOT_FOUND', 'REQUEST_INVALID', 'REDIS_UNAVAILABLE'],
  },
});
