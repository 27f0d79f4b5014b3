import { isFinished } from '../../../model/states.js';
import { toState } from './codes.js';
import type { Settling, TaskRow } from '../../ports/rows.js';
import { refKey } from './ref-key.js';
import type { MergedTask } from './task-merge.js';

/** Derives the finish from the job itself, unless the row already recorded it. */
export function changeOf({ before, now: row }: MergedTask, now: number): Settling[] {
  const state = toState(row.state);
  if (!isFinished(state) || (before?.state === row.state && before.finished === row.finished)) return [];
  return [{ state: state as Settling['state'], at: row.finished ?? now, runMs: row.run_ms }];
}

/** Merges the rows of each task, by their key. */
export function mergeByTask(rows: readonly TaskRow[]): Map<string, TaskRow> {
  const merged = new Map<string, TaskRow>();
  for (const row of rows) {
    const key = refKey(row);
    const earlier = merged.get(key);
    merged.set(key, earlier ? mergeRows(earlier, row) : row);
  }
  return merged;
}

/** Merges two rows; fields absent in the later one keep their earlier value. */
function mergeRows(earlier: TaskRow, later: TaskRow): TaskRow {
  const present = Object.entries(later).filter(([, value]) => value !== undefined);
  const settled = [...(earlier.settled ?? []), ...(later.settled ?? [])];
  const isByEvents = earlier.settled !== undefined || later.settled !== undefined;
  return { ...earlier, ...Object.fromEntries(present), ...(isByEvents ? { settled } : {}) } as TaskRow;
}
