import type { ErrorCode } from '../../model/errors.js';
import { MAX_UNDO_MS } from '../../bulk-actions/bulk-request.js';
import { parameter } from '../components.js';
import { reads, writes } from '../operation.js';
import { ref } from '../schema.js';

const id = parameter('TaskId');
const ofQueue = parameter('OfQueue');
const MISSING: readonly ErrorCode[] = ['NOT_FOUND', 'TASK_NOT_FOUND', 'TASK_GONE', 'REDIS_UNAVAILABLE'];
/** Error codes of commands. A body is validated even where none is required. */
const CONFLICT: readonly ErrorCode[] = [
  ...MISSING,
  ...(['BODY_MALFORMED', 'BODY_TOO_LARGE', 'CONTENT_TYPE_UNSUPPORTED', 'TASK_STATE_CONFLICT'] as const),
  'QUERY_INVALID',
];

/** Error codes of reads, from Redis or from the history where Redis has dropped the task. */
const READ: readonly ErrorCode[] = [...MISSING, 'QUERY_INVALID', 'HISTORY_UNAVAILABLE'];

const DOWNLOAD = {
  'Content-Disposition': { description: 'attachment, with a file name.', schema: { type: 'string' } },
};

/** Operations that read single tasks and act on them. */
export const TASK_PATHS: Record<string, object> = {
  '/api/v1/tasks/{id}': {
    get: reads({
      id: 'getTask',
      tag: 'Tasks',
      summary: 'Get one task',
      description:
        'Returns the current state in Redis. Tasks that Redis has dropped and tasks of other programs come from the history.',
      parameters: [id, parameter('Wait'), ofQueue, parameter('Reveal')],
      answers: { 200: { description: 'The task as it is now.', schema: ref('TaskView') } },
      errors: READ,
    }),
    delete: writes({
      id: 'deleteTask',
      tag: 'Tasks',
      summary: 'Delete a task permanently',
      description:
        'Deletes the task with its result and its log from Redis and from the history. Refuses a running task. With `undoMs` the deletion is a bulk action of one task that begins after that time, and its `abort` undoes it. A task of another program is selected with `queue` and is deleted at once.',
      parameters: [
        id,
        {
          name: 'undoMs',
          in: 'query',
          description: 'Period in which it can be undone, ms; 0 deletes at once.',
          schema: { type: 'integer', minimum: 0, maximum: MAX_UNDO_MS, default: 0 },
        },
        ofQueue,
      ],
      answers: {
        202: {
          description: 'The task will be deleted at `startsAt`; `links.abort` undoes it until then.',
          schema: ref('BulkActionView'),
          headers: { Location: { description: 'The bulk action.', schema: { type: 'string' } } },
        },
        204: { description: 'The task was deleted.' },
      },
      errors: [...CONFLICT, 'HISTORY_UNAVAILABLE'],
    }),
  },
  '/api/v1/tasks/{id}/logs': {
    get: reads({
      id: 'listLogLines',
      tag: 'Tasks',
      summary: 'List the log lines of a task',
      parameters: [
        id,
        {
          name: 'after',
          in: 'query',
          description: 'First line number.',
          schema: { type: 'integer', minimum: 0, default: 0 },
        },
        {
          name: 'limit',
          in: 'query',
          description: 'Maximum number of lines.',
          schema: { type: 'integer', minimum: 1, maximum: 1000, default: 1000 },
        },
        ofQueue,
        parameter('Reveal'),
      ],
      answers: { 200: { description: 'The log lines, oldest first.', schema: ref('LogPage') } },
      errors: READ,
    }),
  },
  '/api/v1/tasks/{id}/attempts': {
    get: reads({
      id: 'listAttempts',
      tag: 'Tasks',
      summary: 'List the attempts of a task',
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
      summary: 'List the transitions of a task',
      description: 'Contains the recorded transitions, and newer ones known to Redis.',
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
      summary: 'List the progress of a task over time',
      description: 'Contains at most one sample per second, and 240 per task.',
      parameters: [id, ofQueue, parameter('Reveal')],
      answers: { 200: { description: 'Samples, oldest first.', schema: ref('ProgressList') } },
      errors: READ,
    }),
  },
  '/api/v1/tasks/{id}/input': {
    get: reads({
      id: 'downloadInput',
      tag: 'Tasks',
      summary: 'Download the input of a task',
      parameters: [id, ofQueue, parameter('Reveal')],
      answers: { 200: { description: 'The complete input.', schema: {}, headers: DOWNLOAD } },
      errors: [...READ, 'TASK_STATE_CONFLICT'],
    }),
  },
  '/api/v1/tasks/{id}/result': {
    get: reads({
      id: 'downloadResult',
      tag: 'Tasks',
      summary: 'Download the result of a task',
      description:
        'Requires a completed task. Answers 409 for others, and for a result that was too long to be stored in full.',
      parameters: [id, ofQueue, parameter('Reveal')],
      answers: { 200: { description: 'The complete result.', schema: {}, headers: DOWNLOAD } },
      errors: [...READ, 'TASK_STATE_CONFLICT'],
    }),
  },
  '/api/v1/tasks/{id}/cancel': {
    post: writes({
      id: 'cancelTask',
      tag: 'Tasks',
      summary: 'Cancel a task',
      description:
        'Takes effect at once unless the task is running. A running task is asked to stop; with `force` it ends without waiting for its handler, and an isolated one is killed. Tasks of other programs cannot be cancelled, because their workers do not support it.',
      parameters: [id, ofQueue],
      body: {
        required: false,
        content: {
          'application/json': {
            schema: ref('CancelRequest'),
            examples: { reason: { value: { reason: 'submitted by mistake' } } },
          },
        },
      },
      answers: {
        200: { description: 'The task, cancelled for certain.', schema: ref('TaskView') },
        202: {
          description: 'The worker is still stopping the task; see `cancelRequested`.',
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
        'Returns the task to its queue with all its attempts. A failed task of another program is selected with `queue`.',
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
      description:
        'A task of another program is selected with `queue`. For the next run of a BullMQ schedule a copy runs instead, because the schedule would skip a run otherwise.',
      parameters: [id, ofQueue],
      answers: {
        200: { description: 'The task, waiting or running already.', schema: ref('TaskView') },
        201: {
          description: 'The copy of the next run of a schedule; `origin` names the requested task.',
          schema: ref('TaskView'),
          headers: { Location: { $ref: '#/components/headers/Location' } },
        },
      },
      errors: CONFLICT,
    }),
  },
};
