import type { TaskType } from '../registry/task-type.js';
import { JsonLossError, stringifyWhole } from '../model/json-loss.js';
import { PermanentError } from '../task-api/outcomes.js';

/** The handler has done its work, but its result cannot be stored. A retry would repeat the work. */
export class ResultError extends PermanentError {
  constructor(
    readonly code: 'RESULT_NOT_JSON' | 'RESULT_TOO_LARGE',
    message: string,
  ) {
    super(message);
  }
}

/**
 * Converts the result of a handler to JSON text; undefined becomes null.
 * @throws ResultError if JSON would lose data, or the text is over the type's limit.
 */
export function toResultJson(
  result: unknown,
  { resultLimitBytes }: Pick<TaskType, 'resultLimitBytes'>,
): string {
  if (result === undefined) return 'null';
  const json = toJson(result);
  const bytes = Buffer.byteLength(json);
  if (bytes > resultLimitBytes) {
    throw new ResultError(
      'RESULT_TOO_LARGE',
      `The result is ${bytes} bytes of JSON, over the limit of ${resultLimitBytes}. Store it elsewhere and return a reference to it.`,
    );
  }
  return json;
}

function toJson(result: unknown): string {
  let why: string;
  try {
    const json = stringifyWhole(result, 'result');
    if (json !== undefined) return json;
    why = 'its toJSON returns undefined';
  } catch (error) {
    why =
      error instanceof JsonLossError
        ? error.message
        : `it cannot be made JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  throw new ResultError('RESULT_NOT_JSON', `The result cannot be stored: ${why}`);
}
