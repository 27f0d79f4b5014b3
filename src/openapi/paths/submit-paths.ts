import type { TaskType } from '../../registry/task-type.js';
import { parameter } from '../components.js';
import { reads, writes } from '../operation.js';
import { exampleInput } from '../schemas/submit-schemas.js';
import { ref } from '../schema.js';

const location = { Location: { $ref: '#/components/headers/Location' } };

/** Operations that submit one or many tasks. */
export function submitPaths(types: readonly TaskType[]): Record<string, object> {
  return {
    '/api/v1/task-types': {
      get: reads({
        id: 'listTaskTypes',
        tag: 'Submit',
        summary: 'List task types',
        answers: { 200: { description: 'All task types, by title.', schema: ref('TaskTypeList') } },
      }),
    },
    '/api/v1/tasks': { post: submit(types) },
    '/api/v1/tasks/bulk': { post: submitBulk(types) },
  };
}

function submit(types: readonly TaskType[]): object {
  return writes({
    id: 'submitTask',
    tag: 'Submit',
    summary: 'Submit a task',
    description:
      'Validates the complete request before it accepts the task. Then the task waits in its queue for a worker. ' +
      'If the answer was lost or is a 503, send the request again with the same `Idempotency-Key`.',
    parameters: [parameter('Wait'), parameter('IdempotencyKey')],
    body: {
      required: true,
      description:
        'At most 256 kB of UTF-8, nested at most 32 levels deep. Numbers that would lose digits are refused.',
      content: { 'application/json': { schema: ref('Submit'), examples: bodyExamples(types) } },
    },
    answers: {
      202: {
        description: 'The task was accepted; with `wait`: it has not finished in that time.',
        schema: ref('TaskView'),
        headers: location,
      },
      200: {
        description: 'The task had been submitted before with this key; with `wait`: it has finished.',
        schema: ref('TaskView'),
        headers: location,
      },
    },
    errors: [
      ...([
        'BODY_MALFORMED',
        'QUERY_INVALID',
        'HEADER_INVALID',
        'IDEMPOTENCY_CONFLICT',
        'TASK_GONE',
      ] as const),
      ...(['BODY_TOO_LARGE', 'CONTENT_TYPE_UNSUPPORTED', 'REQUEST_INVALID', 'TASK_TYPE_UNKNOWN'] as const),
      ...(['INPUT_INVALID', 'OPTIONS_INVALID', 'QUEUE_FULL', 'STORAGE_FULL', 'REDIS_UNAVAILABLE'] as const),
    ],
  });
}

function submitBulk(types: readonly TaskType[]): object {
  const tasks = types.slice(0, 2).map((type) => ({ type: type.name, input: exampleInput(type) }));
  return writes({
    id: 'submitTasks',
    tag: 'Submit',
    summary: 'Submit up to 1,000 tasks',
    description:
      'Each line is accepted or refused on its own, with its errors. An `Idempotency-Key` covers the ' +
      'whole request: line n has the key `<key>/n`, so that a repeated request accepts nothing twice. A line may have its own key. ' +
      'If no line is accepted, the answer is a problem with the same `items`: 422, or 429 or 503 if every line can be sent again later.',
    parameters: [parameter('IdempotencyKey')],
    body: {
      required: true,
      description: 'At most 4 MB; 1 to 1,000 tasks, as a JSON array or as NDJSON with one task per line.',
      content: {
        'application/json': {
          schema: { type: 'array', minItems: 1, maxItems: 1000, items: ref('SubmitLine') },
          examples: { tasks: { summary: 'As a JSON array', value: tasks } },
        },
        'application/x-ndjson': {
          schema: { type: 'string' },
          examples: {
            lines: {
              summary: 'One task per line',
              value: tasks.map((task) => JSON.stringify(task)).join('\n'),
            },
          },
        },
      },
    },
    answers: { 202: { description: 'The outcome of each line.', schema: ref('BulkAnswer') } },
    errors: [
      ...(['BODY_MALFORMED', 'BODY_TOO_LARGE', 'CONTENT_TYPE_UNSUPPORTED', 'REQUEST_INVALID'] as const),
      ...(['HEADER_INVALID', 'QUEUE_FULL', 'STORAGE_FULL', 'REDIS_UNAVAILABLE'] as const),
    ],
  });
}

function bodyExamples(types: readonly TaskType[]): Record<string, object> {
  const plain = types.map((type) => [
    type.name,
    { summary: type.title, value: { type: type.name, input: exampleInput(type) } },
  ]);
  const [first] = types;
  if (!first) return {};
  const options = {
    delayMs: 60_000,
    attempts: 3,
    backoff: { type: 'exponential', delayMs: 1000, jitter: 0.2 },
    tags: ['example'],
  };
  return {
    ...Object.fromEntries(plain),
    options: { summary: 'With options', value: { type: first.name, input: exampleInput(first), options } },
  };
}
