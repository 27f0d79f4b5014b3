import { RoostError } from '../contract/errors.js';
import { isIssuedId } from './task-ids.js';

/** Never seen, or seen and forgotten: an id of ours tells which, as it carries check characters. */
export function missingTask(id: string): RoostError {
  if (isIssuedId(id)) {
    return new RoostError(
      'TASK_GONE',
      'This task was known once and has been removed, by somebody or by retention.',
    );
  }
  return new RoostError('TASK_NOT_FOUND', `There is no task with the id \`${id.slice(0, 64)}\`.`);
}
