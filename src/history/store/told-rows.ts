import { isSettled } from '../../contract/states.js';
import { toState } from './codes.js';
import type { Settling, TaskRow } from './rows.js';
import type { MergedTask } from './task-merge.js';

/** Told by the job itself: it has settled, unless the row said so before. */
export function changeOf({ before, now: row }: MergedTask, now: number): Settling[] {
  const state = toState(row.state);
  if (!isSettled(state) || (before?.state === row.state && before.finished === row.finished)) return [];
  return [{ state: state as Settling['state'], at: row.finished ?? now, runMs: row.run_ms }];
}

/** What the later one leaves out stays as it was. */
export function laidOver(earlier: TaskRow, later: TaskRow): TaskRow {
  const told = Object.entries(later).filter(([, value]) => value !== undefined);
  const settled = [...(earlier.settled ?? []), ...(later.settled ?? [])];
  const isByEvents = earlier.settled !== undefined || later.settled !== undefined;
  return { ...earlier, ...Object.fromEntries(told), ...(isByEvents ? { settled } : {}) } as TaskRow;
}
