import type { ErrorCode } from '../../model/errors.js';
import { parameter } from '../components.js';
import { reads, writes } from '../operation.js';
import { ref } from '../schema.js';

const name = parameter('QueueName');
const UNREADABLE: readonly ErrorCode[] = [
  'NOT_FOUND',
  'BODY_MALFORMED',
  'BODY_TOO_LARGE',
  'CONTENT_TYPE_UNSUPPORTED',
];
const CHUNKS =
  'Runs in small batches, so that Redis continues to serve other clients. One call runs for at most 25 s; call again while the answer has `more`.';

/** Operations on queues, limits of task types, and the reasons why a task is not running. */
export const QUEUE_PATHS: Record<string, object> = {
  '/api/v1/queues': {
    get: reads({
      id: 'listQueues',
      tag: 'Queues',
      summary: 'List all queues',
      answers: {
        200: {
          description: 'The queues with their tasks, workers and limits.',
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
      summary: 'Get one queue with its recent actions',
      parameters: [name],
      answers: { 200: { description: 'The queue.', schema: ref('QueueDetail') } },
      errors: ['NOT_FOUND', 'QUEUE_NOT_FOUND', 'QUEUE_NOT_OURS', 'REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/queues/{name}/pause': {
    post: change({
      id: 'pauseQueue',
      summary: 'Pause a queue',
      description:
        'Workers finish their running tasks and start no new ones from the queue. It resumes automatically at `until`. Pausing a paused queue replaces reason and end.',
      schema: 'PauseRequest',
      examples: { plain: {}, 'for an hour': { reason: 'the mail server is down', forMs: 3_600_000 } },
      fills: true,
    }),
  },
  '/api/v1/queues/{name}/resume': {
    post: change({
      id: 'resumeQueue',
      summary: 'Resume a paused queue',
      description: 'Workers continue with the waiting tasks.',
      schema: 'ReasonRequest',
      examples: { plain: {} },
    }),
  },
  '/api/v1/queues/{name}/concurrency': {
    post: change({
      id: 'setQueueConcurrency',
      summary: 'Limit how many tasks of a queue run at once',
      description: 'Applies to all workers together. Running tasks are not affected.',
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
      description: 'Applies to all workers together.',
      schema: 'RateLimitRequest',
      examples: { 'a hundred a minute': { max: 100, perMs: 60_000 }, none: { max: null } },
      required: true,
      fills: true,
    }),
  },
  '/api/v1/queues/{name}/drain': {
    post: change({
      id: 'drainQueue',
      summary: 'Cancel all waiting tasks of a queue',
      description: `Waiting tasks, and with \`delayed\` also delayed ones, end as \`cancelled\` with the user and the reason. Tasks submitted in the meantime are not affected. ${CHUNKS}`,
      schema: 'DrainRequest',
      examples: {
        waiting: { reason: 'submitted twice' },
        'delayed too': { delayed: true, reason: 'submitted twice' },
      },
      answer: 'QueueOutcome',
    }),
  },
  '/api/v1/queues/{name}/clean': {
    post: change({
      id: 'cleanQueue',
      summary: 'Delete finished tasks of one state permanently',
      description: `Deletes them with their results and logs. ${CHUNKS}`,
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
      description: `Includes tasks that wait for another attempt. ${CHUNKS}`,
      schema: 'ReasonRequest',
      examples: { plain: {} },
      answer: 'QueueOutcome',
    }),
  },
  '/api/v1/tasks/{id}/why': {
    get: reads({
      id: 'whyNotRunning',
      tag: 'Tasks',
      summary: "Why isn't it running?",
      description:
        'Returns the reasons why a task waits, its position in the queue, and its estimated start. For a task of another program, selected with `queue`, the reasons are derived from the keys of BullMQ and the clients of Redis.',
      parameters: [parameter('TaskId'), parameter('OfQueue')],
      answers: {
        200: {
          description: 'The reasons; for a task that is not waiting, its current state.',
          schema: ref('WhyView'),
        },
      },
      errors: [
        'NOT_FOUND',
        'QUERY_INVALID',
        'TASK_NOT_FOUND',
        'TASK_GONE',
        'REDIS_UNAVAILABLE',
        'HISTORY_UNAVAILABLE',
      ],
    }),
  },
};

interface Change {
  id: string;
  summary: string;
  description: string;
  /** Name of the schema of the body. */
  schema: string;
  examples: Record<string, object>;
  required?: boolean;
  /** True where the operation needs memory: a full Redis refuses it. */
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
      'QUEUE_NOT_OURS',
      'REDIS_UNAVAILABLE',
      ...(fills ? (['STORAGE_FULL'] as const) : []),
    ],
  });
}

function json(schema: string, required: boolean, examples: Record<string, object>): object {
  const shown = Object.fromEntries(Object.entries(examples).map(([title, value]) => [title, { value }]));
  return { required, content: { 'application/json': { schema: ref(schema), examples: shown } } };
}
