import { BulkActionView } from '../bulk-actions/bulk-actions.openapi.js';
import { MAX_UNDO_MS } from '../bulk-actions/bulk-request.js';
import type { ErrorCode } from '../model/errors.js';
import * as s from '../model/schema.js';
import { TaskView } from '../model/task-view.js';
import { ManagedQueue, parameter, query } from '../openapi/components.js';
import { json, operations, UNREADABLE } from '../openapi/operation.js';
import { MISSING } from './task-queries.openapi.js';

const CancelRequest = s.named(
  'CancelRequest',
  s.closed({
    reason: s.optional(s.text('Reason; stored with the task.', { maxLength: 500 })),
    force: s.optional(
      s.flag('For a running task: does not wait for its handler. An isolated one is killed.'),
    ),
  }),
);
const MoveRequest = s.named('MoveRequest', s.closed({ queue: ManagedQueue }));

/** Error codes of commands. A body is validated even where none is required. */
const CONFLICT: readonly ErrorCode[] = [...MISSING, ...UNREADABLE, 'TASK_STATE_CONFLICT', 'QUERY_INVALID'];
const parameters = [parameter('TaskId'), parameter('OfQueue')];

export const TASK_COMMANDS_API = operations('Tasks', {
  'DELETE /api/v1/tasks/{id}': {
    id: 'deleteTask',
    summary: 'Delete a task permanently',
    description:
      'Deletes the task with its result and its log from Redis and from the history. Refuses a running task. With `undoMs` the deletion is a bulk action of one task that begins after that time, and its `abort` undoes it. A task of another program is selected with `queue` and is deleted at once.',
    parameters: [
      parameter('TaskId'),
      query('undoMs', 'Period in which it can be undone, ms; 0 deletes at once.', {
        type: 'integer',
        minimum: 0,
        maximum: MAX_UNDO_MS,
        default: 0,
      }),
      parameter('OfQueue'),
    ],
    answers: {
      202: [
        'The task will be deleted at `startsAt`; `links.abort` undoes it until then.',
        BulkActionView,
        { headers: { Location: { description: 'The bulk action.', schema: { type: 'string' } } } },
      ],
      204: 'The task was deleted.',
    },
    errors: [...CONFLICT, 'HISTORY_UNAVAILABLE'],
  },
  'POST /api/v1/tasks/{id}/cancel': {
    id: 'cancelTask',
    summary: 'Cancel a task',
    description:
      'Takes effect at once unless the task is running. A running task is asked to stop; with `force` it ends without waiting for its handler, and an isolated one is killed. Tasks of other programs cannot be cancelled, because their workers do not support it.',
    parameters,
    body: json(CancelRequest, { reason: { reason: 'submitted by mistake' } }, false),
    answers: {
      200: ['The task, cancelled for certain.', TaskView],
      202: ['The worker is still stopping the task; see `cancelRequested`.', TaskView],
    },
    errors: [...CONFLICT, 'REQUEST_INVALID', 'STORAGE_FULL'],
  },
  'POST /api/v1/tasks/{id}/retry': {
    id: 'retryTask',
    summary: 'Run a failed, cancelled or expired task again',
    description:
      'Returns the task to its queue with all its attempts. A failed task of another program is selected with `queue`.',
    parameters,
    answers: { 200: ['The task, waiting again.', TaskView] },
    errors: CONFLICT,
  },
  'POST /api/v1/tasks/{id}/promote': {
    id: 'promoteTask',
    summary: 'Run a delayed task now',
    description:
      'A task of another program is selected with `queue`. For the next run of a BullMQ schedule a copy runs instead, because the schedule would skip a run otherwise.',
    parameters,
    answers: {
      200: ['The task, waiting or running already.', TaskView],
      201: [
        'The copy of the next run of a schedule; `rerunOf` names the requested task.',
        TaskView,
        { headers: { Location: { $ref: '#/components/headers/Location' } } },
      ],
    },
    errors: CONFLICT,
  },
  'POST /api/v1/tasks/{id}/move': {
    id: 'moveTask',
    summary: 'Move a task to another queue',
    description:
      'Moves a waiting or delayed task with its input, delay, priority and log to the end of the other queue.',
    parameters: [parameter('TaskId')],
    body: json(MoveRequest, { 'to cpu': { queue: 'cpu' } }),
    answers: { 200: ['The task where it is now.', TaskView] },
    errors: [...MISSING, 'TASK_STATE_CONFLICT', 'REQUEST_INVALID', 'HISTORY_UNAVAILABLE'],
  },
});
