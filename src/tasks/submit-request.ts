import type { OwnedKey } from '../auth/principal.js';
import { RoostError } from '../model/errors.js';

/** Input of `TaskCommands.submit`, the same from REST and from the form. Not validated yet. */
export interface SubmitRequest {
  type: string;
  input: unknown;
  options?: unknown;
  /** Makes the request repeatable: the same key of the same owner with the same content yields the same task. */
  idempotencyKey?: OwnedKey;
  /** Id of the task this one is a rerun of. */
  origin?: string;
  /** Written to the logs of the web app and the worker. */
  requestId?: string;
}

/** @throws RoostError REQUEST_INVALID where `type` is missing or not text. */
export function typeName(type: unknown): string {
  if (typeof type === 'string' && type !== '') return type;
  const message =
    type === undefined
      ? 'is missing; GET /api/v1/task-types lists what there is'
      : 'must be the name of a task type';
  throw new RoostError('REQUEST_INVALID', `type ${message}`, [{ path: 'type', message }]);
}
