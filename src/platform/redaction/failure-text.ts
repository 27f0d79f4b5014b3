import { errorsIn } from '../../model/failure.js';
import type { TaskFailure } from '../../model/task-view.js';
import { HIDDEN, type Redaction } from './redaction.js';

/** Returns the texts of a failure for free-text search. Excludes stacks. */
export function failureText(failure: TaskFailure, rules: Redaction): string {
  const words: unknown[] = [];
  for (const { name, message, code, details } of errorsIn(failure)) {
    words.push(name, message);
    if (code !== undefined) words.push(code);
    if (details) words.push(...leaves(rules.apply('details', details)));
  }
  return words.join(' ');
}

function* leaves(value: unknown): Generator<unknown> {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) yield* leaves(inner);
  else if (value !== HIDDEN) yield value;
}
