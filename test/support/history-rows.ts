import type { AttemptRow, RecordBatch, TaskRow, TransitionRow } from '../../src/history/ports/rows.js';

/** Noon of a day, in ms. */
export const NOON = Date.UTC(2026, 10, 22, 12);

export function emptyBatch(): RecordBatch {
  return { cursors: {}, tasks: [], attempts: [], transitions: [], logs: [], progress: [], removed: [] };
}

export function task(id: string, more: Partial<TaskRow> = {}): TaskRow {
  const settled =
    more.state !== undefined && ['completed', 'failed', 'cancelled', 'expired'].includes(more.state);
  return {
    queue: 'default',
    id,
    state: 'waiting',
    type: 'divide',
    createdAt: NOON - 60_000,
    input: '{"a":6,"b":3}',
    ...(settled ? { startedAt: NOON - 50_000, finishedAt: NOON - 49_000, waitMs: 10_000, runMs: 1_000 } : {}),
    ...more,
  };
}

export function attempt(id: string, number: number, more: Partial<AttemptRow> = {}): AttemptRow {
  return {
    queue: 'default',
    id,
    number,
    worker: 'w1',
    startedAt: NOON - 50_000,
    finishedAt: NOON - 49_000,
    outcome: 'completed',
    ...more,
  };
}

export function transition(
  id: string,
  state: TransitionRow['state'],
  at: number,
  more: Partial<TransitionRow> = {},
): TransitionRow {
  return { queue: 'default', id, state, at, seq: 0, ...more };
}
