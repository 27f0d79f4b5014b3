import type { AttemptRow } from '../../ports/rows.js';

/** First record of an attempt, or of its failure. */
export interface AttemptChange {
  row: AttemptRow;
  begun: boolean;
  failed: boolean;
}

/** Known attempts of the tasks in a batch, by `attemptKey`. */
export type KnownOutcomes = Map<string, 'failed' | 'known'>;

/** `task`: its number in the store. */
export function attemptKey(task: number, number: number): string {
  return `${task} ${number}`;
}

/** Compares an attempt with what is known of it, and adds it to that. */
export function noteAttempt(outcomes: KnownOutcomes, task: number, row: AttemptRow): AttemptChange {
  const key = attemptKey(task, row.number);
  const before = outcomes.get(key);
  outcomes.set(key, row.outcome === 'failed' || before === 'failed' ? 'failed' : 'known');
  return { row, begun: before === undefined, failed: row.outcome === 'failed' && before !== 'failed' };
}
