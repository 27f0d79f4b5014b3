import { ERRORS } from '../../model/errors.js';
import { count, list, object, ref, text, type Schemas } from '../schema.js';

/** Schema of error answers: https://www.rfc-editor.org/rfc/rfc9457 with extension members. */
export const PROBLEM_SCHEMAS: Schemas = {
  ErrorCode: {
    type: 'string',
    enum: Object.keys(ERRORS),
    description: 'Code for programs. Its meaning never changes.',
  },
  FieldProblem: object({
    path: text(
      'Location of the problem: a path such as `input.x` or `options.tags[2]`, or the name of a query parameter or a header.',
    ),
    message: text('The problem and the valid values.'),
  }),
  Problem: object(
    {
      type: text('URL of the documentation of this code.', { format: 'uri-reference' }),
      title: text('Short title, the same for every problem with this code.'),
      status: { type: 'integer', description: 'The HTTP status.' },
      detail: text('What happened and what to do about it.'),
      code: ref('ErrorCode'),
      fields: list(ref('FieldProblem'), {
        minItems: 1,
        description: 'All invalid fields.',
      }),
      requestId: text('Request id, also in the header X-Request-Id and in the logs.'),
      state: { ...ref('TaskState'), description: 'With TASK_STATE_CONFLICT: the current state of the task.' },
      reason: {
        type: 'string',
        enum: ['state', 'flow', 'schedule', 'dropped', 'paused-by-old-bullmq', 'nowhere'],
        description: 'With TASK_STATE_CONFLICT for tasks of other programs, flows and schedules: the reason.',
      },
      task: { ...ref('TaskLinks'), description: 'With IDEMPOTENCY_CONFLICT: the task that has the key.' },
      permission: { ...ref('Permission'), description: 'With FORBIDDEN: the missing permission.' },
      queue: text('With QUEUE_FULL and QUEUE_NOT_OURS: the queue.'),
      tasks: text('With QUEUE_NOT_OURS: REST URL of its tasks.'),
      retryAfter: count('With 429: seconds to wait, as in the header Retry-After.'),
      kept: {
        type: 'string',
        enum: ['history'],
        description:
          'With TASK_STATE_CONFLICT: only the history has the task, or it belongs to another program.',
      },
      column: count('With QUERY_INVALID for `q`: the column of the problem, counted from 1.'),
      from: count('First UTF-16 unit of the invalid text, counted from 0.'),
      to: count('UTF-16 unit after the end of the invalid text.'),
      problem: text('The problem, without its position.'),
      accepted: count('For a bulk request: always 0 here.'),
      refused: count('For a bulk request: the number of lines.'),
      items: list(ref('BulkOutcome'), { description: 'For a bulk request: the error of each line.' }),
    },
    [
      ...['fields', 'state', 'reason', 'task', 'permission', 'queue', 'tasks', 'retryAfter', 'kept'],
      ...['column', 'from', 'to', 'problem', 'accepted', 'refused', 'items'],
    ],
  ),
};
