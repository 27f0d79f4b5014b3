import type { ErrorCode } from '../../contract/errors.js';
import { BULK_OUTCOMES } from '../../history/store/bulk-store.js';
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

/** Acting on many tasks at once, and moving one. */
export const BULK_PATHS: Record<string, object> = {
  '/api/v1/bulk-actions': {
    post: writes({
      id: 'startBulkAction',
      tag: 'Bulk actions',
      summary: 'Retry, cancel, delete or move many tasks',
      description:
        'Those that a search finds, or those named. It is about what was there when it was ordered, goes on in the background in pieces that never hold Redis up, survives the ' +
        'death of the web process without doing anything twice, and keeps what became of each task. With `dryRun` it only counts and shows some.',
      parameters: [parameter('IdempotencyKey')],
      body: {
        required: true,
        content: {
          'application/json': {
            schema: ref('BulkActionRequest'),
            examples: {
              'retry what failed since yesterday': {
                value: { action: 'retry', q: 'state:failed created:<1d', reason: 'the mail server is back' },
              },
              'only say what it would do': { value: { action: 'delete', state: 'completed', dryRun: true } },
              'move two tasks': {
                value: { action: 'move', to: 'cpu', ids: ['t1m839j6r8k9f0ck3v5es01e2z', 'default/17'] },
              },
            },
          },
        },
      },
      answers: {
        200: {
          description: 'What it would do; or, where the key was used before, that bulk action.',
          schema: { anyOf: [ref('BulkActionPreview'), ref('BulkActionView')] },
        },
        202: {
          description: 'It is under way, or begins at `startsAt`.',
          schema: ref('BulkActionView'),
          headers: { Location: { description: 'Where to look at it.', schema: { type: 'string' } } },
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
      summary: 'Bulk actions, newest first',
      parameters: [cursor(), limit(200, 50)],
      answers: { 200: { description: 'Those that are kept.', schema: ref('BulkActionList') } },
      errors: ['QUERY_INVALID', ...KEPT],
    }),
  },
  '/api/v1/bulk-actions/{id}': {
    get: reads({
      id: 'getBulkAction',
      tag: 'Bulk actions',
      summary: 'One bulk action: how far it is',
      parameters: [id],
      answers: { 200: { description: 'As it is now.', schema: ref('BulkActionView') } },
      errors: ['NOT_FOUND', 'BULK_NOT_FOUND', ...KEPT],
    }),
  },
  '/api/v1/bulk-actions/{id}/outcomes': {
    get: reads({
      id: 'listBulkOutcomes',
      tag: 'Bulk actions',
      summary: 'What became of each task',
      parameters: [
        id,
        {
          name: 'outcome',
          in: 'query',
          description: 'Only these.',
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
      summary: 'Undo a bulk action that has not begun, or stop one under way',
      description:
        'What was done stays done; what was not is left as it is. One that has ended stays as it is.',
      parameters: [id],
      answers: {
        200: { description: 'It has ended.', schema: ref('BulkActionView') },
        202: { description: 'It ends after the tasks it has in hand.', schema: ref('BulkActionView') },
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
        'A waiting or delayed one, with its input, delay, priority and log; it goes to the end of the line.',
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
    description: '`nextCursor` of the page before.',
    schema: { type: 'string', pattern: '^\\d+$' },
  };
}

function limit(maximum: number, standard: number): object {
  return {
    name: 'limit',
    in: 'query',
    description: 'At most so many.',
    schema: { type: 'integer', minimum: 1, maximum, default: standard },
  };
}
