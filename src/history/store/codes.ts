import { isSettled, TASK_STATES, type TaskState } from '../../contract/states.js';
import type { LogLevel } from '../../contract/task-view.js';
import { ATTEMPT_OUTCOMES, type AttemptOutcome } from './rows.js';

/* What stands in the file for words of a fixed set. New words go to the end: the numbers of old ones are in files. */

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export function stateCode(state: TaskState): number {
  return TASK_STATES.indexOf(state);
}

export function toState(code: number): TaskState {
  return TASK_STATES[code] ?? 'waiting';
}

export function isSettledCode(code: number): boolean {
  return isSettled(toState(code));
}

export function outcomeCode(outcome: AttemptOutcome | undefined): number | null {
  return outcome === undefined ? null : ATTEMPT_OUTCOMES.indexOf(outcome);
}

export function toOutcome(code: number | null): AttemptOutcome | null {
  return code === null ? null : (ATTEMPT_OUTCOMES[code] ?? null);
}

export function levelCode(level: LogLevel): number {
  return Math.max(0, LEVELS.indexOf(level));
}

export function toLevel(code: number): LogLevel {
  return LEVELS[code] ?? 'info';
}
