import type { ErrorCode } from '../../contract/errors.js';
import { parameter } from '../components.js';
import { reads, writes } from '../operation.js';
import { ref } from '../schema.js';

const name = parameter('QueueName');
const type = parameter('TaskTypeName');
const UNREADABLE: readonly ErrorCode[] = [
  'NOT_FOUND',
  'BODY_MALFORMED',
  'BODY_TOO_LARGE',
  'CONTENT_TYPE_UNSUPPORTED',
];
const CHUNKS =
  'Done in chunks, so that nobody else waits for Redis meanwhile. One call works for at most 25 s; where there is `more`, call again.';

/** Queues, limits of task types, and why a task does not run. */
export const QUEUE_PATHS: Record<string, object> = {
  '/api/v1/queues': {
    get: reads({
      id: 'listQueues',
      tag: 'Queues',
      summary: 'All queues',
      answers: {
        200: {
          description: 'What they hold, what serves them and what holds them back.',
          schema: ref('QueueList'),
        },
      },
      errors: ['REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/queues/{name}': {
    get: reads({
      id: 'getQueue',
      tag: 'Queues',
      summary: 'One queue, with what was done to it',
      parameters: [name],
      answers: { 200: { description: 'The queue.', schema: ref('QueueDetail') } },
      errors: ['NOT_FOUND', 'QUEUE_NOT_FOUND', 'REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/queues/{name}/pause': {
    post: change({
      id: 'pauseQueue',
      summary: 'Pause a queue',
      description:
        'Workers finish what they run and take nothing new from it; it goes on by itself at `until`. Pausing a paused queue sets reason and end anew.',
      schema: 'PauseRequest',
      examples: { plain: {}, 'for an hour': { reason: 'the mail server is down', forMs: 3_600_000 } },
      fills: true,
    }),
  },
  '/api/v1/queues/{name}/resume': {
    post: change({
      id: 'resumeQueue',
      summary: 'Resume a paused queue',
      description: 'Workers go on where they were.',
      schema: 'ReasonRequest',
      examples: { plain: {} },
    }),
  },
  '/api/v1/queues/{name}/concurrency': {
    post: change({
      id: 'setQueueConcurrency',
      summary: 'Limit how many tasks of a queue run at once',
      description: 'All workers together. What runs already runs on.',
      schema: 'ConcurrencyRequest',
      examples: {
        'four for a day': { value: 4, forMs: 86_400_000, reason: 'spare the database' },
        none: { value: null },
      },
      required: true,
      fills: true,
    }),
  },
  '/api/v1/queues/{name}/rate-limit': {
    post: change({
      id: 'setQueueRateLimit',
      summary: 'Limit how many tasks of a queue start per time',
      description: 'All workers together.',
      schema: 'RateLimitRequest',
      examples: { 'a hundred a minute': { max: 100, perMs: 60_000 }, none: { max: null } },
      required: true,
      fills: true,
    }),
  },
  '/api/v1/queues/{name}/drain': {
    post: change({
      id: 'drainQueue',
      summary: 'Cancel all that waits in a queue',
      description: `Tasks that wait, and the delayed ones when asked, end as \`cancelled\` with who and why. What comes in meanwhile stays. ${CHUNKS}`,
      schema: 'DrainRequest',
      examples: {
        waiting: { reason: 'handed in twice' },
        'delayed too': { delayed: true, reason: 'handed in twice' },
      },
      answer: 'QueueOutcome',
    }),
  },
  '/api/v1/queues/{name}/clean': {
    post: change({
      id: 'cleanQueue',
      summary: 'Remove settled tasks of one state for good',
      description: `With their results and logs. ${CHUNKS}`,
      schema: 'CleanRequest',
      examples: { 'failed a week ago': { state: 'failed', olderThanMs: 604_800_000 } },
      required: true,
      answer: 'QueueOutcome',
    }),
  },
  '/api/v1/queues/{name}/promote': {
    post: change({
      id: 'promoteQueue',
      summary: 'Run all delayed tasks of a queue now',
      description: `Those that wait for another attempt too. ${CHUNKS}`,
      schema: 'ReasonRequest',
      examples: { plain: {} },
      answer: 'QueueOutcome',
    }),
  },
  '/api/v1/limits': {
    get: reads({
      id: 'listLimits',
      tag: 'Limits',
      summary: 'The limits of all task types',
      answers: {
        200: {
          description: 'Each limit as it holds now, and where it comes from.',
          schema: ref('TypeLimitsList'),
        },
      },
      errors: ['REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/limits/{type}': {
    get: reads({
      id: 'getLimits',
      tag: 'Limits',
      summary: 'The limits of one task type',
      parameters: [type],
      answers: { 200: { description: 'As they hold now.', schema: ref('TypeLimits') } },
      errors: ['NOT_FOUND', 'TASK_TYPE_UNKNOWN', 'REDIS_UNAVAILABLE'],
    }),
    put: writes({
      id: 'setLimits',
      tag: 'Limits',
      summary: 'Set limits of a task type, for the whole fleet',
      description:
        'In place of any set before; what is not named is as the type declares it. Time limits hold for attempts that start from now on. ' +
        'A task over its rate or concurrency limit is put off without using an attempt. At `until` the defaults return by themselves.',
      parameters: [type],
      body: json('LimitsRequest', true, {
        'two at once for an hour': { concurrency: 2, forMs: 3_600_000, reason: 'spare the database' },
        'ten a minute, 5 s each': { rate: { max: 10, perMs: 60_000 }, hardTimeoutMs: 5000 },
      }),
      answers: { 200: { description: 'The limits as they hold now.', schema: ref('TypeLimits') } },
      errors: [...UNREADABLE, 'REQUEST_INVALID', 'TASK_TYPE_UNKNOWN', 'REDIS_UNAVAILABLE', 'STORAGE_FULL'],
    }),
    delete: writes({
      id: 'resetLimits',
      tag: 'Limits',
      summary: 'Back to the limits that the task type declares',
      parameters: [type],
      answers: { 200: { description: 'The limits as they hold now.', schema: ref('TypeLimits') } },
      errors: [...UNREADABLE, 'TASK_TYPE_UNKNOWN', 'REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/tasks/{id}/why': {
    get: reads({
      id: 'whyNotRunning',
      tag: 'Tasks',
      summary: "Why isn't it running?",
      description:
        'What is in the way of a waiting or delayed task, its place in the queue, and when it will probably start.',
      parameters: [parameter('TaskId')],
      answers: {
        200: {
          description: 'The reasons; of a task in another state, what it does instead.',
          schema: ref('WhyView'),
        },
      },
      errors: ['NOT_FOUND', 'TASK_NOT_FOUND', 'TASK_GONE', 'REDIS_UNAVAILABLE'],
    }),
  },
};

interface Change {
  id: string;
  summary: string;
  description: string;
  /** Of the body. */
  schema: string;
  examples: Record<string, object>;
  required?: boolean;
  /** It needs memory: a full Redis refuses it. */
  fills?: boolean;
  answer?: string;
}

function change({
  id,
  summary,
  description,
  schema,
  examples,
  required = false,
  fills,
  answer = 'QueueDetail',
}: Change): object {
  return writes({
    id,
    tag: 'Queues',
    summary,
    description,
    parameters: [name],
    body: json(schema, required, examples),
    answers: { 200: { description: 'The queue as it is now.', schema: ref(answer) } },
    errors: [
      ...UNREADABLE,
      'REQUEST_INVALID',
      'QUEUE_NOT_FOUND',
      'REDIS_UNAVAILABLE',
      ...(fills ? (['STORAGE_FULL'] as const) : []),
    ],
  });
}

function json(schema: string, required: boolean, examples: Record<string, object>): object {
  const shown = Object.fromEntries(Object.entries(examples).map(([title, value]) => [title, { value }]));
  return { required, content: { 'application/json': { schema: ref(schema), examples: shown } } };
}
