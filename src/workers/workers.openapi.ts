import * as s from '../model/schema.js';
import { parameter } from '../openapi/components.js';
import { json, operations, UNREADABLE } from '../openapi/operation.js';
import { COMMAND_NAMES } from './parse-command.js';
import { MAX_LISTED_TASKS } from './worker-record.js';

const amount = (description?: string) => s.number({ minimum: 0, ...(description ? { description } : {}) });
const slots = (description?: string) =>
  s.integer({ minimum: 1, maximum: 1000, ...(description ? { description } : {}) });

const WorkerConsumer = s.named(
  'WorkerConsumer',
  s.object({
    queue: s.text('Name of the queue.'),
    concurrency: slots('Concurrent tasks.'),
    active: s.count('Running tasks of the queue.'),
    paused: s.flag(),
    autoscale: s.orNull(s.object({ min: slots(), max: slots() })),
  }),
);

const WorkerTotals = s.named(
  'WorkerTotals',
  s.object(
    {
      completed: s.count('Completed.'),
      failed: s.count('Failed permanently.'),
      retried: s.count('Failed, with another attempt to follow.'),
      cancelled: s.count('Cancelled.'),
    },
    { description: 'Counts since the process started.' },
  ),
);

const VIEW = {
  id: s.text('Id; new at each start of the process.'),
  name: s.text('Name from the setting WORKER_NAME, or host and process id.'),
  host: s.text('Host it runs on.'),
  pid: s.integer({ minimum: 1 }),
  status: s.oneOf(
    ['online', 'paused', 'draining', 'unknown', 'offline'],
    'paused and draining workers are online; a draining worker exits when its tasks have ended.',
  ),
  startedAt: s.time('Start of the process.'),
  lastSeenAt: s.time('Last heartbeat.'),
  clockAheadMs: s.orNull(
    s.integer(),
    "Difference between its clock and Redis's, ms; positive is ahead. All reported times use Redis's clock. Null where not reported.",
  ),
  consumers: s.list(WorkerConsumer),
  active: s.count('Running tasks.'),
  slots: s.count('Concurrency, all queues together.'),
  totals: WorkerTotals,
  load: s.object({
    cpuPercent: amount('Percent of one core, over the last second; can exceed 100.'),
    rssBytes: s.count('Resident memory.'),
    heapUsedBytes: s.count('Used JavaScript heap.'),
    heapLimitBytes: s.count('Limit of the JavaScript heap.'),
    lagMs: amount('Event-loop delay over the last second, ms.'),
    busyPercent: amount('Event-loop utilization over the last second, percent.'),
    loadAverage: s.list(amount(), 'Load average of its host over 1, 5 and 15 minutes.', {
      minItems: 3,
      maxItems: 3,
    }),
  }),
  versions: s.object({
    app: s.optional(s.text('APP_VERSION of the worker.', { examples: ['9f86d08'] })),
    roost: s.string(),
    node: s.string(),
    bullmq: s.string(),
  }),
  paused: s.orNull(
    s.object({ by: s.text('User or token.'), at: s.time('Time.'), reason: s.optional(s.text('Reason.')) }),
  ),
  left: s.optional(s.text('Reason why it exited, with the status offline.')),
};

export const WorkerView = s.named('WorkerView', s.object(VIEW));
/** Worker as REST and the pages show it. */
export type WorkerView = s.Static<typeof WorkerView>;

const WorkerDetail = s.named(
  'WorkerDetail',
  s.object({
    ...VIEW,
    args: s.list(s.string(), 'Command-line arguments, secrets masked.'),
    settings: s.record(s.string(), 'Settings, secrets masked.'),
    taskTypes: s.list(
      s.object({
        name: s.text('Name of the task type.'),
        queue: s.text('Queue of the task type.'),
        isolated: s.flag(),
      }),
    ),
    running: s.list(
      s.object({
        id: s.text('Id of the task.'),
        type: s.text('Task type.'),
        queue: s.text('Queue of the task.'),
        attempt: s.integer({ minimum: 1 }),
        startedAt: s.time('Start of the attempt.'),
        runMs: s.count('Run time so far, ms.'),
      }),
      'Running tasks, the longest-running first.',
      { maxItems: MAX_LISTED_TASKS },
    ),
    byType: s.record(WorkerTotals, 'Totals by task type.'),
    children: s.list(
      s.object({
        pid: s.integer(),
        busy: s.flag(),
        taskId: s.optional(s.text('Task that it runs.')),
        tasksDone: s.count('Tasks run since its start.'),
        rssMb: amount(),
      }),
      'Processes of isolated task types.',
    ),
  }),
);
export type WorkerDetail = s.Static<typeof WorkerDetail>;

const LoadSampleList = s.named(
  'LoadSampleList',
  s.items(
    s.object({
      at: s.integer({ description: 'ms since 1970.' }),
      cpu: amount('Percent of one core.'),
      rssMb: amount(),
      lagMs: amount(),
      active: s.count('Running tasks.'),
    }),
    'One sample per second over two minutes, oldest first.',
  ),
);

export const CommandName = s.named('CommandName', s.oneOf(COMMAND_NAMES));

const ARGUMENTS = {
  queue: s.optional(s.text('For concurrency, autoscale, add-consumer and cancel-consumer.')),
  concurrency: s.optional(slots('For concurrency; optional for add-consumer.')),
  min: s.optional(slots('For autoscale.')),
  max: s.optional(slots('For autoscale.')),
  off: s.optional(s.flag('For autoscale: turns it off.')),
  reason: s.optional(s.text('For pause.', { maxLength: 500 })),
  now: s.optional(s.flag('For stop: exits without waiting; running tasks run again on another worker.')),
};
const described = { description: 'Arguments depend on the command; others are refused.' };
const CommandArgs = s.named('CommandArgs', s.closed(ARGUMENTS, described));
const FleetCommandArgs = s.named(
  'FleetCommandArgs',
  s.closed(
    { ids: s.either([s.constant('all'), s.list(s.string())], 'Ids of the workers, or `all`.'), ...ARGUMENTS },
    described,
  ),
);

const result = s.anyObject('Result reported by the worker.');
const CommandAnswer = s.named(
  'CommandAnswer',
  s.object({ ok: s.constant(true), command: CommandName, result }),
);

const WorkerReply = s.object({
  id: s.text('Id of the worker.'),
  name: s.text('Name of the worker.'),
  ok: s.flag(),
  result: s.optional(result),
  why: s.optional(s.text('Reason why it refused or failed.')),
  silent: s.optional(
    s.constant(
      true,
      'Set where the worker did not answer; `why` states whether it may still execute the command.',
    ),
  ),
});
/** Reply of one of several workers to a command. */
export type WorkerReply = s.Static<typeof WorkerReply>;

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
      200: ['The workers, online ones first, then by name.', s.named('WorkerList', s.items(WorkerView))],
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
    answers: { 200: ['The answer of each worker.', s.named('FleetAnswerList', s.items(WorkerReply))] },
    errors: ['NOT_FOUND', 'REQUEST_INVALID', 'REDIS_UNAVAILABLE'],
  },
});
