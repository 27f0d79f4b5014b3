import { Permission } from '../auth/permission.openapi.js';
import * as s from '../model/schema.js';
import { TaskLinks, TaskState } from '../model/task-view.js';
import { BulkOutcome } from '../tasks/submit.openapi.js';
import { ErrorCode, FieldProblem } from './components.js';

/** Shape of error answers: https://www.rfc-editor.org/rfc/rfc9457 with extension members. */
export const Problem = s.named(
  'Problem',
  s.object({
    type: s.text('URL of the documentation of this code.', { format: 'uri-reference' }),
    title: s.text('Short title, the same for every problem with this code.'),
    status: s.integer({ description: 'The HTTP status.' }),
    detail: s.text('What happened and what to do about it.'),
    code: ErrorCode,
    fields: s.optional(s.list(FieldProblem, 'All invalid fields.', { minItems: 1 })),
    requestId: s.text('Request id, also in the header X-Request-Id and in the logs.'),
    state: s.optional(s.described(TaskState, 'With TASK_STATE_CONFLICT: the current state of the task.')),
    reason: s.optional(
      s.oneOf(
        ['state', 'flow', 'schedule', 'dropped', 'paused-by-old-bullmq', 'nowhere'],
        'With TASK_STATE_CONFLICT for tasks of other programs, flows and schedules: the reason.',
      ),
    ),
    task: s.optional(s.described(TaskLinks, 'With IDEMPOTENCY_CONFLICT: the task that has the key.')),
    permission: s.optional(s.described(Permission, 'With FORBIDDEN: the missing permission.')),
    queue: s.optional(s.text('With QUEUE_FULL and QUEUE_NOT_OURS: the queue.')),
    tasks: s.optional(s.text('With QUEUE_NOT_OURS: REST URL of its tasks.')),
    retryAfter: s.optional(s.count('With 429: seconds to wait, as in the header Retry-After.')),
    source: s.optional(
      s.constant(
        'history',
        'With TASK_STATE_CONFLICT: only the history has the task, or it belongs to another program.',
      ),
    ),
    kept: s.deprecated(s.constant('history'), 'source'),
    column: s.optional(s.count('With QUERY_INVALID for `q`: the column of the problem, counted from 1.')),
    from: s.optional(s.count('First UTF-16 unit of the invalid text, counted from 0.')),
    to: s.optional(s.count('UTF-16 unit after the end of the invalid text.')),
    problem: s.optional(s.text('The problem, without its position.')),
    accepted: s.optional(s.count('For a bulk request: always 0 here.')),
    refused: s.optional(s.count('For a bulk request: the number of lines.')),
    items: s.optional(s.list(BulkOutcome, 'For a bulk request: the error of each line.')),
  }),
);
