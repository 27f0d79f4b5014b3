import type { SqliteDatabase } from './database.js';
import type { RecordBatch, TaskRef } from './rows.js';
import type { TaskColumns } from './schema.js';
import type { Tallies } from './tallies.js';
import { refKey, type TaskRows } from './task-rows.js';
import { WORD, type Words } from './words.js';

/** A task that waits on in another queue: it is still the same. */
export interface TaskMove extends TaskRef {
  to: string;
}

interface Tools {
  db: SqliteDatabase;
  words: Words;
  rows: TaskRows;
  tallies: Tallies;
  /** Takes a row out with all that hangs on it. */
  remove(task: TaskColumns): void;
}

const CHILDREN = ['attempts', 'transitions', 'logs', 'progress'] as const;

/**
 * Takes what is kept of moved tasks along into their queues, and answers the batch as it is from there: rows told of a
 * queue that a task has left are told of the one it is in. Told twice it changes nothing.
 */
export function moveTasks(batch: RecordBatch, tools: Tools): RecordBatch {
  if (!batch.moved?.length) return batch;
  const ways = new Map(batch.moved.map((move) => [refKey(move), move.to]));
  const place = (ref: TaskRef): string => {
    let { queue } = ref;
    // As often as there are ways at most: a task may have come back.
    for (let i = 0; i < ways.size; i++) {
      const next = ways.get(refKey({ queue, id: ref.id }));
      if (next === undefined || next === ref.queue) break;
      queue = next;
    }
    return queue;
  };
  for (const move of batch.moved) carryOver(move, place(move), tools);
  const there = <Row extends TaskRef>(rows: Row[]): Row[] =>
    rows.map((row) => (ways.has(refKey(row)) ? { ...row, queue: place(row) } : row));
  return {
    ...batch,
    tasks: there(batch.tasks),
    attempts: there(batch.attempts),
    transitions: there(batch.transitions),
    logs: there(batch.logs),
    progress: there(batch.progress),
  };
}

function carryOver({ queue, id }: TaskRef, to: string, { db, words, rows, tallies, remove }: Tools): void {
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
