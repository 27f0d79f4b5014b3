import { RoostError } from '../model/errors.js';
import { isIssuedId } from './task-ids.js';

/** Error for a task that exists in another queue than the requested one. */
export function inAnotherQueue(id: string, requested: string, queue: string): RoostError {
  return new RoostError(
    'TASK_NOT_FOUND',
    `There is no task \`${id.slice(0, 64)}\` in the queue \`${requested.slice(0, 64)}\`: it is in \`${queue}\`. ` +
      `Use ?queue=${encodeURIComponent(queue)}${isIssuedId(id) ? ', or leave `queue` out' : ''}.`,
  );
}

/** Error for a missing task: TASK_GONE if the check characters prove that Roost issued the id, else TASK_NOT_FOUND. */
export function taskNotFound(id: string): RoostError {
  if (isIssuedId(id)) {
    return new RoostError('TASK_GONE', 'This task has been removed, by a user or by retention.');
  }
  return new RoostError('TASK_NOT_FOUND', `There is no task with the id \`${id.slice(0, 64)}\`.`);
}
