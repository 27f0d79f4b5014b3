import type { TaskType } from '../catalog/task-type.js';
import { PermanentError } from '../contract/outcomes.js';

/**
 * What a handler returned, as JSON text; nothing counts as null.
 * @throws PermanentError where it is no JSON or over the type's limit.
 */
export function toResultJson(
  result: unknown,
  { resultLimitBytes }: Pick<TaskType, 'resultLimitBytes'>,
): string {
  if (result === undefined) return 'null';
  let json: string | undefined;
  try {
    json = JSON.stringify(result);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PermanentError(`The result cannot be kept, as it is no JSON: ${why}`);
  }
  if (json === undefined)
    throw new PermanentError(`The result cannot be kept: a ${typeof result} is no JSON`);
  const bytes = Buffer.byteLength(json);
  if (bytes > resultLimitBytes) {
    throw new PermanentError(
      `The result is ${bytes} bytes of JSON, over the limit of ${resultLimitBytes}. Keep it elsewhere and return a reference to it.`,
    );
  }
  return json;
}
