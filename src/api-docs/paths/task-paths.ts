import type { ErrorCode } from '../../contract/errors.js';
import { LONGEST_UNDO_MS } from '../../bulk/bulk-request.js';
import { parameter } from '../components.js';
import { reads, writes } from '../operation.js';
import { ref } from '../schema.js';

const id = parameter('TaskId');
const ofQueue = parameter('OfQueue');
const MISSING: readonly ErrorCode[] = ['NOT_FOUND', 'TASK_NOT_FOUND', 'TASK_GONE', 'REDIS_UNAVAILABLE'];
/** Of what acts; a body that is not asked for is looked at all the same. */
const CONFLICT: readonly ErrorCode[] = [
  ...MISSING,
  ...(['BODY_MALFORMED', 'BODY_TOO_LARGE', 'CONTENT_TYPE_UNSUPPORTED', 'TASK_STATE_CONFLICT'] as const),
  'QUERY_INVALID',
];

/** Of what only reads: from Redis, or from the history where Redis has dropped the task. */
const READ: readonly ErrorCode[] = [...MISSING, 'QUERY_INVALID', 'HISTORY_UNAVAILABLE'];

const DOWNLOAD = {
  'Content-Disposition': { description: 'attachment, with a file name.', schema: { type: 'string' } },
};

/** Looking at tasks and acting on them. */
export const TASK_PATHS: Record<string, object> = {
  '/api/v1/tasks/{id}': {
    get: reads({
      id: 'getTask',
      tag: 'Tasks',
      summary: 'One task, whole',
      description:
        'As it is now in Redis; one that Redis has dropped by its retention, and those of other programs, as the history keeps them.',
      parameters: [id, parameter('Wait'), ofQueue, parameter('Reveal')],
      answers: { 200: { description: 'The task as it is now.', schema: ref('TaskView') } },
      errors: READ,
    }),
    delete: writes({
      id: 'deleteTask',
      tag: 'Tasks',
      summary: 'Delete a task for good',
      description:
        'With its result and its log, from Redis and from the history. A running task is refused. With `undoMs` nothing is touched before that time is over: the delete is a bulk action of one task, and its `abort` undoes it. A task of another program is named by its `queue` and goes at once.',
      parameters: [
        id,
        {
          name: 'undoMs',
          in: 'query',
          description: 'So long it can be undone, in milliseconds; 0 is at once.',
          schema: { type: 'integer', minimum: 0, maximum: LONGEST_UNDO_MS, default: 0 },
        },
        ofQueue,
      ],
      answers: {
        202: {
          description: 'It will be gone at `startsAt`; `links.abort` undoes it until then.',
          schema: ref('BulkActionView'),
          headers: { Location: { description: 'The bulk action.', schema: { type: 'string' } } },
        },
        204: { description: 'It is gone.' },
      },
      errors: [...CONFLICT, 'HISTORY_UNAVAILABLE'],
    }),
  },
  '/api/v1/tasks/{id}/logs': {
    get: reads({
      id: 'listLogLines',
      tag: 'Tasks',
      summary: 'What a task has logged',
      parameters: [
        id,
        {
          name: 'after',
          in: 'query',
          description: 'From line number `after` on.',
          schema: { type: 'integer', minimum: 0, default: 0 },
        },
        {
          name: 'limit',
          in: 'query',
          description: 'Lines at most.',
          schema: { type: 'integer', minimum: 1, maximum: 1000, default: 1000 },
        },
        ofQueue,
        parameter('Reveal'),
      ],
      answers: { 200: { description: 'Its lines, oldest first.', schema: ref('LogPage') } },
      errors: READ,
    }),
  },
  '/api/v1/tasks/{id}/attempts': {
    get: reads({
      id: 'listAttempts',
      tag: 'Tasks',
      summary: 'Its attempts',
      parameters: [id, ofQueue, parameter('Reveal')],
      answers: {
        200: { description: 'Every run of the task by a worker, oldest first.', schema: ref('AttemptList') },
      },
      errors: READ,
    }),
  },
  '/api/v1/tasks/{id}/transitions': {
    get: reads({
      id: 'listTransitions',
      tag: 'Tasks',
      summary: 'The way it took',
      description: 'As it was recorded, with what Redis knows beyond that.',
      parameters: [id, ofQueue, parameter('Reveal')],
      answers: {
        200: { description: 'The states it went through, oldest first.', schema: ref('TransitionList') },
      },
      errors: READ,
    }),
  },
  '/api/v1/tasks/{id}/progress': {
    get: reads({
      id: 'listProgress',
      tag: 'Tasks',
      summary: 'Its progress over time',
      description: 'As it was recorded: at most one sample a second, and 240 of a task.',
      parameters: [id, ofQueue, parameter('Reveal')],
      answers: { 200: { description: 'Samples, oldest first.', schema: ref('ProgressList') } },
      errors: READ,
    }),
  },
  '/api/v1/tasks/{id}/input': {
    get: reads({
      id: 'downloadInput',
      tag: 'Tasks',
      summary: 'Its input as a file',
      parameters: [id, ofQueue, parameter('Reveal')],
      answers: { 200: { description: 'The input alone, whole.', schema: {}, headers: DOWNLOAD } },
      errors: [...READ, 'TASK_STATE_CONFLICT'],
    }),
  },
  '/api/v1/tasks/{id}/result': {
    get: reads({
      id: 'downloadResult',
      tag: 'Tasks',
      summary: 'Its result as a file',
      description: 'Of a completed task; for others, and where it was too long to be kept whole, 409.',
      parameters: [id, ofQueue, parameter('Reveal')],
      answers: { 200: { description: 'The result alone, whole.', schema: {}, headers: DOWNLOAD } },
      errors: [...READ, 'TASK_STATE_CONFLICT'],
    }),
  },
  '/api/v1/tasks/{id}/cancel': {
    post: writes({
      id: 'cancelTask',
      tag: 'Tasks',
      summary: 'Cancel a task',
      description:
        'At once where it does not run. A running one is asked to stop; with `force` nobody waits for it, and an isolated one is killed. Tasks of other programs cannot be cancelled: their workers know nothing of it.',
      parameters: [id, ofQueue],
      body: {
        required: false,
        content: {
          'application/json': {
            schema: ref('CancelRequest'),
            examples: { reason: { value: { reason: 'handed in by mistake' } } },
          },
        },
      },
      answers: {
        200: { description: 'The task, cancelled for certain.', schema: ref('TaskView') },
        202: {
          description: 'Its worker is still letting go; `cancelRequested` says more.',
          schema: ref('TaskView'),
        },
      },
      errors: [...CONFLICT, 'REQUEST_INVALID', 'STORAGE_FULL'],
    }),
  },
  '/api/v1/tasks/{id}/retry': {
    post: writes({
      id: 'retryTask',
      tag: 'Tasks',
      summary: 'Run a failed, cancelled or expired task again',
      description:
        'The same task, back in its queue with all its attempts. A failed one of another program is named by its `queue`.',
      parameters: [id, ofQueue],
      answers: { 200: { description: 'The task, waiting again.', schema: ref('TaskView') } },
      errors: CONFLICT,
    }),
  },
  '/api/v1/tasks/{id}/promote': {
    post: writes({
      id: 'promoteTask',
      tag: 'Tasks',
      summary: 'Run a delayed task now',
      description: 'One of another program is named by its `queue`.',
      parameters: [id, ofQueue],
      answers: { 200: { description: 'The task, waiting or running already.', schema: ref('TaskView') } },
      errors: CONFLICT,
    }),
  },
};
