import { Permission } from '../auth/permission.openapi.js';
import {
  constant,
  count,
  deprecated,
  described,
  integer,
  list,
  named,
  object,
  oneOf,
  optional,
  text,
} from '../model/schema.js';
import { TaskLinks, TaskState } from '../model/task-view.js';
import { BulkOutcome } from '../tasks/submit.openapi.js';
import { ErrorCode, FieldProblem } from './components.js';

/** Shape of error answers: https://www.rfc-editor.org/rfc/rfc9457 with extension members. */
export const Problem = named(
  'Problem',
  object({
    type: text('URL of the documentation of this code.', { format: 'uri-reference' }),
    title: text('Short title, the same for every problem with this code.'),
    status: integer({ description: 'The HTTP status.' }),
    detail: text('What happened and what to do about it.'),
    code: ErrorCode,
    fields: optional(list(FieldProblem, 'All invalid fields.', { minItems: 1 })),
    requestId: text('Request id, also in the header X-Request-Id and in the logs.'),
    state: optional(described(TaskState, 'With TASK_STATE_CONFLICT: the current state of the task.')),
    reason: optional(
      oneOf(
        ['state', 'flow', 'schedule', 'dropped', 'paused-by-old-bullmq', 'nowhere'],
        'With TASK_STATE_CONFLICT for tasks of other programs, flows and schedules: the reason.',
      ),
    ),
    task: optional(described(TaskLinks, 'With IDEMPOTENCY_CONFLICT: the task that has the key.')),
    permission: optional(described(Permission, 'With FORBIDDEN: the missing permission.')),
    queue: optional(text('With QUEUE_FULL and QUEUE_NOT_OURS: the queue.')),
    tasks: optional(text('With QUEUE_NOT_OURS: REST URL of its tasks.')),
    retryAfter: optional(count('With 429: seconds to wait, as in the header Retry-After.')),
    source: optional(
      constant(
        'history',
        'With TASK_STATE_CONFLICT: only the history has the task, or it belongs to another program.',
      ),
    ),
    kept: deprecated(constant('history'), 'source'),
    column: optional(count('With QUERY_INVALID for `q`: the column of the problem, counted from 1.')),
    from: optional(count('First UTF-16 unit of the invalid text, counted from 0.')),
    to: optional(count('UTF-16 unit after the end of the invalid text.')),
    problem: optional(text('The problem, without its position.')),
    accepted: optional(count('For a bulk request: always 0 here.')),
    refused: optional(count('For a bulk request: the number of lines.')),
    items: optional(list(BulkOutcome, 'For a bulk request: the error of each line.')),
  }),
);
