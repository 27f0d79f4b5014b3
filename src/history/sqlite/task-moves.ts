import type { SqliteDatabase } from './database.js';
import type { RecordBatch, TaskRef } from '../ports/rows.js';
import type { TaskColumns } from './schema.js';
import type { StateCounts } from './state-counts.js';
import { refKey, type TaskRows } from './task-rows.js';
import { WORD, type Dictionary } from './dictionary.js';

/** A task that was moved to another queue and remains the same task. */
export interface TaskMove extends TaskRef {
  to: string;
}

interface Tools {
  db: SqliteDatabase;
  words: Dictionary;
  rows: TaskRows;
  tallies: StateCounts;
  /** Removes a row and everything that belongs to it. */
  remove(task: TaskColumns): void;
}

const CHILDREN = ['attempts', 'transitions', 'logs', 'progress'] as const;

/**
 * Moves the stored rows of moved tasks to their new queues. Returns the batch with its rows addressed to the new
 * queues. Idempotent.
 */
export function moveTasks(batch: RecordBatch, tools: Tools): RecordBatch {
  if (!batch.moved?.length) return batch;
  const moves = new Map(batch.moved.map((move) => [refKey(move), move.to]));
  const place = (ref: TaskRef): string => {
    let { queue } = ref;
    // Bounded by the number of moves, since a task may have come back.
    for (let i = 0; i < moves.size; i++) {
      const next = moves.get(refKey({ queue, id: ref.id }));
      if (next === undefined || next === ref.queue) break;
      queue = next;
    }
    return queue;
  };
  for (const move of batch.moved) moveTask(move, place(move), tools);
  const readdress = <Row extends TaskRef>(rows: Row[]): Row[] =>
    rows.map((row) => (moves.has(refKey(row)) ? { ...row, queue: place(row) } : row));
  return {
    ...batch,
    tasks: readdress(batch.tasks),
    attempts: readdress(batch.attempts),
    transitions: readdress(batch.transitions),
    logs: readdress(batch.logs),
    progress: readdress(batch.progress),
  };
}

function moveTask({ queue, id }: TaskRef, to: string, { db, words, rows, tallies, remove }: Tools): void {
  if (queue === to) return;
  const target = words.idOf(WORD.queue, to);
  const places = rows.find([
    { id, queue: words.idOf(WORD.queue, queue) },
    { id, queue: target },
  ]);
  const [from, already] = [places.get(0), places.get(1)];
  if (!from) return;
  if (!already) {
    db.run('UPDATE tasks SET queue = ? WHERE no = ?', [target, from.no]);
    tallies.move(from, { ...from, queue: target });
    return;
  }
  for (const table of CHILDREN)
    db.run(`UPDATE OR IGNORE ${table} SET task = ? WHERE task = ?`, [already.no, from.no]);
  remove(from);
}
