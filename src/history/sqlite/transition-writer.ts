import { stateCode } from '../recording/rules/codes.js';
import {
  dropPacked,
  packTransitions,
  unpackTransitions,
  type StoredTransition,
} from '../recording/rules/packed-transitions.js';
import { refKey } from '../recording/rules/ref-key.js';
import type { StoredTask } from '../recording/rules/stored-task.js';
import type { MergedTask } from '../recording/rules/task-merge.js';
import type { TaskRef, TransitionRow } from '../ports/rows.js';
import { BulkInsert } from './bulk-insert.js';
import type { SqliteDatabase } from './database.js';

const MAX_DETAIL = 1000;

/** Transitions of one task in a batch. */
interface TaskTransitions {
  ref: TaskRef;
  stored: StoredTransition[];
  /** Number of transitions without a valid place. */
  invalid: number;
}

/** Transitions of a batch by the key of their task. */
export type TransitionsByTask = ReadonlyMap<string, TaskTransitions>;

export function groupTransitions(rows: readonly TransitionRow[]): TransitionsByTask {
  const groups = new Map<string, TaskTransitions>();
  let group: TaskTransitions | undefined;
  for (const row of rows) {
    // Usually those of a task follow one another.
    if (row.id !== group?.ref.id || row.queue !== group.ref.queue) {
      const key = refKey(row);
      group = groups.get(key);
      if (!group) groups.set(key, (group = { ref: row, stored: [], invalid: 0 }));
    }
    if (isPlaced(row)) group.stored.push(toStored(row));
    else group.invalid++;
  }
  return groups;
}

/** Time of the earliest transition, ms. */
export function firstTime(transitions: TaskTransitions | undefined): number | undefined {
  if (!transitions || transitions.stored.length === 0) return undefined;
  return transitions.stored.reduce((first, { at }) => Math.min(first, at), Infinity);
}

/** Writes transitions: the first ones of a task packed into its row, others into rows of their own. */
export class TransitionWriter {
  private readonly rows: BulkInsert;

  constructor(private readonly db: SqliteDatabase) {
    this.rows = new BulkInsert(
      db,
      'INSERT INTO transitions (task, at, seq, state, attempt, detail)',
      6,
      'ON CONFLICT DO NOTHING',
    );
  }

  /** Packs into the rows of `merged`, which the caller writes. Returns the number of rows that have no place. */
  add(
    groups: TransitionsByTask,
    merged: ReadonlyMap<string, MergedTask>,
    numberOf: ReadonlyMap<string, number>,
  ): number {
    let orphans = 0;
    for (const [key, { stored, invalid }] of groups) {
      const number = numberOf.get(key);
      orphans += number === undefined ? invalid + stored.length : invalid;
      if (number === undefined || stored.length === 0) continue;
      const now = merged.get(key)?.now;
      if (!now) {
        this.addRows(number, stored);
        continue;
      }
      const { packed, rest } = packTransitions(now.transitions, stored);
      now.transitions = packed;
      this.addRows(number, rest);
    }
    this.rows.flush();
    return orphans;
  }

  unpack({ no, transitions }: StoredTask): void {
    this.addRows(no, unpackTransitions(transitions));
    this.rows.flush();
  }

  private addRows(task: number, transitions: readonly StoredTransition[]): void {
    for (const { at, seq, state, attempt, detail } of transitions)
      this.rows.add([task, at, seq, state, attempt, detail]);
  }

  /**
   * Deletes a transition that came from the job itself instead of an event; returns whether there was one. `since`:
   * earliest time, ms.
   */
  dropUnplaced({ now }: MergedTask, state: number, since: number): boolean {
    // The clocks of several processes differ, so it may be recorded a little late.
    const isIt = (one: StoredTransition) => one.at >= since && one.seq === -1 && one.state === state;
    const { packed, isFound } = dropPacked(now.transitions, isIt);
    now.transitions = packed;
    const sql = 'DELETE FROM transitions WHERE task = ? AND at >= ? AND seq = -1 AND state = ?';
    return this.db.run(sql, [now.no, since, state]) > 0 || isFound;
  }

  discard(): void {
    this.rows.discard();
  }
}

function isPlaced({ at, seq }: TransitionRow): boolean {
  return Number.isSafeInteger(seq) && Number.isFinite(at);
}

function toStored({ at, seq, state, attempt, detail }: TransitionRow): StoredTransition {
  return {
    at,
    seq,
    state: stateCode(state),
    attempt: attempt ?? null,
    detail: detail === undefined ? null : detail.slice(0, MAX_DETAIL),
  };
}
