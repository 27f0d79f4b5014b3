import { isFinished, type TaskState } from '../../../model/states.js';
import type { LogLevel } from '../../../task-api/task-handler.js';
import { ATTEMPT_OUTCOMES, type AttemptOutcome } from '../../ports/rows.js';

/* Codes of enumerated values in the file. Append new values at the end: existing files contain the old codes. */

const STATES: readonly TaskState[] = [
  'waiting',
  'delayed',
  'active',
  'completed',
  'failed',
  'cancelled',
  'expired',
  'waiting-children',
];

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export function stateCode(state: TaskState): number {
  return STATES.indexOf(state);
}

export function toState(code: number): TaskState {
  return STATES[code] ?? 'waiting';
}

export function isSettledCode(code: number): boolean {
  return isFinished(toState(code));
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
