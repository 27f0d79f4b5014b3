import type { RecordBatch, TaskRef } from '../../ports/rows.js';
import { refKey } from './ref-key.js';

/** A task that was moved to another queue and remains the same task. */
export interface TaskMove extends TaskRef {
  to: string;
}

/** Returns the moves of a batch with their final queues, and the batch with its rows addressed to these. */
export function readdress(batch: RecordBatch): { moves: TaskMove[]; batch: RecordBatch } {
  if (!batch.moved?.length) return { moves: [], batch };
  const next = new Map(batch.moved.map((move) => [refKey(move), move.to]));
  const place = (ref: TaskRef): string => {
    let { queue } = ref;
    // Bounded by the number of moves, since a task may have come back.
    for (let i = 0; i < next.size; i++) {
      const to = next.get(refKey({ queue, id: ref.id }));
      if (to === undefined || to === ref.queue) break;
      queue = to;
    }
    return queue;
  };
  const moved = <Row extends TaskRef>(rows: Row[]): Row[] =>
    rows.map((row) => (next.has(refKey(row)) ? { ...row, queue: place(row) } : row));
  return {
    moves: batch.moved.map((move) => ({ ...move, to: place(move) })).filter(({ queue, to }) => queue !== to),
    batch: {
      ...batch,
      tasks: moved(batch.tasks),
      attempts: moved(batch.attempts),
      transitions: moved(batch.transitions),
      logs: moved(batch.logs),
      progress: moved(batch.progress),
    },
  };
}
