import { moreOf, readFailure } from '../../model/failure.js';
import type { TaskFailure } from '../../model/task-view.js';
import type { AttemptColumns } from './schema.js';
import type { Dictionary } from './dictionary.js';

/** Maximum length, UTF-16 units; our workers create none that is larger. */
const MAX_MORE_LENGTH = 100_000;

export type FailureColumns = Pick<AttemptColumns, 'error_name' | 'error_message' | 'stack' | 'error_more'>;

/** Null for an attempt that did not fail. */
export function toFailure(
  { error_name, error_message, stack, error_more }: FailureColumns,
  words: Dictionary,
): TaskFailure | null {
  if (error_message === null) return null;
  const failure = { name: words.textOf(error_name), message: error_message };
  const more = error_more === null ? undefined : readFailure({ ...parsed(error_more), ...failure });
  return { ...failure, ...(stack === null ? {} : { stack }), ...more };
}

/** Formats as JSON all parts of an error except name, message and stack. */
export function toMoreJson(error: TaskFailure): string | undefined {
  const more = moreOf(error);
  const json = more && JSON.stringify(more);
  return json && json.length <= MAX_MORE_LENGTH ? json : undefined;
}

function parsed(json: string): object {
  try {
    return JSON.parse(json) as object;
  } catch {
    return {};
  }
}
