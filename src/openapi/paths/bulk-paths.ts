import type { ErrorCode } from '../../model/errors.js';
import { BULK_OUTCOMES } from '../../history/ports/bulk-store.js';
import { parameter } from '../components.js';
import { reads, writes } from '../operation.js';
import { ref } from '../schema.js';

const id = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'Id of the bulk action.',
  schema: { type: 'string' },
};
const UNREADABLE: readonly ErrorCode[] = ['BODY_MALFORMED', 'BODY_TOO_LARGE', 'CONTENT_TYPE_UNSUPPORTED'];
const KEPT: readonly ErrorCode[] = ['HISTORY_UNAVAILABLE'];

/** Operations on many tasks at once, and the move of one task. */
export const BULK_PATHS: Record<string, object> = {
  '/api/v1/bulk-actions': {
    post: writes({
      id: 'startBulkAction',
      tag: 'Bulk actions',
      summary: 'Retry, cancel, delete or move many tasks',
      description:
        'Selects tasks by a search or by ids; tasks created later are not affected. Runs in the background in small batches, continues after a restart of the ' +
        'web process without repeating anything, and stores the outcome of each task. With `dryRun` it only counts the tasks and returns a sample.',
      parameters: [parameter('IdempotencyKey')],
      body: {
        required: true,
        content: {
          'application/json': {
            schema: ref('BulkActionRequest'),
            examples: {
              'retry all failed since yesterday': {
                value: { action: 'retry', q: 'state:failed created:<1d', reason: 'the mail server is back' },
              },
              'preview only': { value: { action: 'delete', state: 'completed', dryRun: true } },
              'move two tasks': {
                value: { action: 'move', to: 'cpu', ids: ['t1m839j6r8k9f0ck3v5es01e2z', 'default/17'] },
              },
            },
          },
        },
      },
      answers: {
        200: {
          description:
            'The preview of a dry run; or, where the key was used before, the existing bulk action.',
          schema: { anyOf: [ref('BulkActionPreview'), ref('BulkActionView')] },
        },
        202: {
          description: 'The bulk action was created. It runs, or begins at `startsAt`.',
          schema: ref('BulkActionView'),
          headers: { Location: { description: 'URL of the bulk action.', schema: { type: 'string' } } },
        },
      },
      errors: [
        ...UNREADABLE,
        'QUERY_INVALID',
        'HEADER_INVALID',
        'IDEMPOTENCY_CONFLICT',
        'REQUEST_INVALID',
        ...KEPT,
      ],
    }),
    get: reads({
      id: 'listBulkActions',
      tag: 'Bulk actions',
      summary: 'List bulk actions, newest first',
      parameters: [cursor(), limit(200, 50)],
      answers: {
        200: { description: 'The bulk actions within the retention.', schema: ref('BulkActionList') },
      },
      errors: ['QUERY_INVALID', ...KEPT],
    }),
  },
  '/api/v1/bulk-actions/{id}': {
    get: reads({
      id: 'getBulkAction',
      tag: 'Bulk actions',
      summary: 'Get one bulk action and its progress',
      parameters: [id],
      answers: { 200: { description: 'The current state.', schema: ref('BulkActionView') } },
      errors: ['NOT_FOUND', 'BULK_NOT_FOUND', ...KEPT],
    }),
  },
  '/api/v1/bulk-actions/{id}/outcomes': {
    get: reads({
      id: 'listBulkOutcomes',
      tag: 'Bulk actions',
      summary: 'List the outcome of each task',
      parameters: [
        id,
        {
          name: 'outcome',
          in: 'query',
          description: 'Only this outcome.',
          schema: { type: 'string', enum: [...BULK_OUTCOMES] },
        },
        cursor(),
        limit(1000, 100),
      ],
      answers: { 200: { description: 'In the order they are acted on.', schema: ref('BulkActionOutcomes') } },
      errors: ['QUERY_INVALID', 'NOT_FOUND', 'BULK_NOT_FOUND', ...KEPT],
    }),
  },
  '/api/v1/bulk-actions/{id}/abort': {
    post: writes({
      id: 'abortBulkAction',
      tag: 'Bulk actions',
      summary: 'Undo a pending bulk action, or stop a running one',
      description:
        'Tasks that were changed stay changed; the others are not touched. Has no effect on one that has ended.',
      parameters: [id],
      answers: {
        200: { description: 'The action has ended.', schema: ref('BulkActionView') },
        202: { description: 'The action stops after its current batch.', schema: ref('BulkActionView') },
      },
      errors: ['NOT_FOUND', 'BULK_NOT_FOUND', ...UNREADABLE, ...KEPT],
    }),
  },
  '/api/v1/tasks/{id}/move': {
    post: writes({
      id: 'moveTask',
      tag: 'Tasks',
      summary: 'Move a task to another queue',
      description:
        'Moves a waiting or delayed task with its input, delay, priority and log to the end of the other queue.',
      parameters: [parameter('TaskId')],
      body: {
        required: true,
        content: {
          'application/json': {
            schema: ref('MoveRequest'),
            examples: { 'to cpu': { value: { queue: 'cpu' } } },
          },
        },
      },
      answers: { 200: { description: 'The task where it is now.', schema: ref('TaskView') } },
      errors: [
        'NOT_FOUND',
        'TASK_NOT_FOUND',
        'TASK_GONE',
        'TASK_STATE_CONFLICT',
        ...UNREADABLE,
        'REQUEST_INVALID',
        'REDIS_UNAVAILABLE',
        'HISTORY_UNAVAILABLE',
      ],
    }),
  },
};

function cursor(): object {
  return {
    name: 'cursor',
    in: 'query',
    description: '`nextCursor` of the previous page.',
    schema: { type: 'string', pattern: '^\\d+$' },
  };
}

function limit(maximum: number, standard: number): object {
  return {
    name: 'limit',
    in: 'query',
    description: 'Maximum number of items per page.',
    schema: { type: 'integer', minimum: 1, maximum, default: standard },
  };
}
