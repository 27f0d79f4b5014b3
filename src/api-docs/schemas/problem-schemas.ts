import { ERRORS } from '../../contract/errors.js';
import { count, list, object, ref, text, type Schemas } from '../schema.js';

/** Every answer that is not a success: https://www.rfc-editor.org/rfc/rfc9457 with members of our own. */
export const PROBLEM_SCHEMAS: Schemas = {
  ErrorCode: {
    type: 'string',
    enum: Object.keys(ERRORS),
    description: 'For programs; it never changes its meaning.',
  },
  FieldProblem: object({
    path: text('Where, as in `input.x` or `options.tags[2]`; the name of a query parameter or of a header.'),
    message: text('What is wrong there and what would be right.'),
  }),
  Problem: object(
    {
      type: text('Address of what is said about this code.', { format: 'uri-reference' }),
      title: text('The same for every problem of this code.'),
      status: { type: 'integer', description: 'The HTTP status.' },
      detail: text('What happened and what to do about it.'),
      code: ref('ErrorCode'),
      fields: list(ref('FieldProblem'), {
        minItems: 1,
        description: 'What exactly was wrong, all of it at once.',
      }),
      requestId: text('Also in the header X-Request-Id and in the logs.'),
      state: { ...ref('TaskState'), description: 'With TASK_STATE_CONFLICT: the state the task is in now.' },
      task: { ...ref('TaskLinks'), description: 'With IDEMPOTENCY_CONFLICT: the task that has the key.' },
      permission: { ...ref('Permission'), description: 'With FORBIDDEN: what is missing.' },
      queue: text('With QUEUE_FULL: which one.'),
      retryAfter: count('With 429: seconds to wait, as in the header Retry-After.'),
      kept: {
        type: 'string',
        enum: ['history'],
        description:
          'With TASK_STATE_CONFLICT: only the history has the task any more, or another program runs it.',
      },
      column: count('With QUERY_INVALID of what `q` says: where, counted from 1.'),
      from: count('The first UTF-16 unit of what is wrong there, counted from 0.'),
      to: count('The one after its last.'),
      problem: text('What is wrong there, without its place.'),
    },
    [
      ...['fields', 'state', 'task', 'permission', 'queue', 'retryAfter', 'kept'],
      ...['column', 'from', 'to', 'problem'],
    ],
  ),
};
