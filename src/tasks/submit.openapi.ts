import * as s from '../model/schema.js';
import { TASK_STATES } from '../model/states.js';
import { TaskLinks, TaskView } from '../model/task-view.js';
import { ErrorCode, FieldProblem, ManagedQueue, parameter } from '../openapi/components.js';
import { operations, type Paths } from '../openapi/operation.js';
import type { TaskType } from '../registry/task-type.js';
import { Backoff, bodyExamples, byType, exampleInput } from './submit-bodies.openapi.js';

export const BulkOutcome = s.named(
  'BulkOutcome',
  s.object({
    line: s.integer({ minimum: 1, description: 'Line number, from 1; blank lines are not counted.' }),
    ok: s.flag(),
    id: s.optional(s.text('Id of the accepted task.')),
    state: s.optional(s.oneOf(TASK_STATES)),
    links: s.optional(TaskLinks),
    error: s.optional(
      s.object({ code: ErrorCode, detail: s.text('The problem.'), fields: s.optional(s.list(FieldProblem)) }),
    ),
  }),
);
/** Outcome of one line of a bulk request. */
export type LineOutcome = s.Static<typeof BulkOutcome>;

const BulkAnswer = s.named(
  'BulkAnswer',
  s.object({
    accepted: s.count('Number of accepted lines.'),
    refused: s.count('Number of refused lines; each has its error.'),
    items: s.list(BulkOutcome, 'Outcomes, in the order of the lines.'),
  }),
);
export type BulkAnswer = s.Static<typeof BulkAnswer>;

const TaskTypeView = s.named(
  'TaskTypeView',
  s.object({
    name: s.text('Value of `type` in a submission.'),
    title: s.text('Title for users.'),
    summary: s.text('Summary of the task type; empty where it has none.'),
    queue: ManagedQueue,
    defaults: s.object({
      attempts: s.integer({ minimum: 1 }),
      backoff: Backoff,
      softTimeoutMs: s.optional(s.count('Time after which an attempt is asked to stop, ms.')),
      hardTimeoutMs: s.optional(s.count('Time after which an attempt fails, ms.')),
      isolate: s.flag('Runs in its own process, which can be killed.'),
      cancelGraceMs: s.optional(
        s.count('Isolated: grace period between the request to stop and the kill, ms.'),
      ),
      maxChildMemoryMb: s.optional(s.count('Isolated: heap limit of its process, MB.')),
      maxTasksPerChild: s.optional(s.count('Isolated: number of tasks after which its process is replaced.')),
    }),
    schema: s.anyObject('JSON Schema (draft 2020-12) of the input.'),
  }),
);
export type TaskTypeView = s.Static<typeof TaskTypeView>;

const location = { headers: { Location: { $ref: '#/components/headers/Location' } } };

/** Operations that submit one or many tasks. Their requests depend on the task types. */
export function submitApi(types: readonly TaskType[]): Paths {
  const tasks = types.slice(0, 2).map((type) => ({ type: type.name, input: exampleInput(type) }));
  return operations('Submit', {
    'GET /api/v1/task-types': {
      id: 'listTaskTypes',
      summary: 'List task types',
      answers: { 200: ['All task types, by title.', s.named('TaskTypeList', s.items(TaskTypeView))] },
    },
    'POST /api/v1/tasks': {
      id: 'submitTask',
      summary: 'Submit a task',
      description:
        'Validates the complete request before it accepts the task. Then the task waits in its queue for a worker. ' +
        'If the answer was lost or is a 503, send the request again with the same `Idempotency-Key`.',
      parameters: [parameter('Wait'), parameter('IdempotencyKey')],
      body: {
        required: true,
        description:
          'At most 256 kB of UTF-8, nested at most 32 levels deep. Numbers that would lose digits are refused.',
        content: {
          'application/json': {
            schema: byType('Submit', 'The fields of `input` depend on `type`.', types),
            examples: bodyExamples(types),
          },
        },
      },
      answers: {
        202: ['The task was accepted; with `wait`: it has not finished in that time.', TaskView, location],
        200: [
          'The task had been submitted before with this key; with `wait`: it has finished.',
          TaskView,
          location,
        ],
      },
      errors: [
        ...(['QUERY_INVALID', 'HEADER_INVALID', 'IDEMPOTENCY_CONFLICT', 'TASK_GONE'] as const),
        ...(['REQUEST_INVALID', 'TASK_TYPE_UNKNOWN', 'INPUT_INVALID', 'OPTIONS_INVALID'] as const),
        ...(['QUEUE_FULL', 'STORAGE_FULL', 'REDIS_UNAVAILABLE'] as const),
      ],
    },
    'POST /api/v1/tasks/bulk': {
      id: 'submitTasks',
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
            schema: s.list(
              byType(
                'Line',
                'One task of a bulk request: as in `POST /tasks`, with an optional `idempotencyKey`.',
                types,
              ),
              undefined,
              { minItems: 1, maxItems: 1000 },
            ),
            examples: { tasks: { summary: 'As a JSON array', value: tasks } },
          },
          'application/x-ndjson': {
            schema: s.string(),
            examples: {
              lines: {
                summary: 'One task per line',
                value: tasks.map((task) => JSON.stringify(task)).join('\n'),
              },
            },
          },
        },
      },
      answers: { 202: ['The outcome of each line.', BulkAnswer] },
      errors: ['REQUEST_INVALID', 'HEADER_INVALID', 'QUEUE_FULL', 'STORAGE_FULL', 'REDIS_UNAVAILABLE'],
    },
  });
}
