import type { StoredTask } from './stored-task.js';

/** `by`: difference of the number of tasks. */
export interface StateCountChange {
  queue: number;
  type: number;
  worker: number;
  state: number;
  by: number;
}

/** Changes of the number of tasks by queue, type, worker and state: exact totals without counting rows. */
export class StateCounts {
  private readonly deltas = new Map<string, number>();

  move(before: StoredTask | undefined, now: StoredTask | undefined): void {
    const from = before && keyOf(before);
    const to = now && keyOf(now);
    if (from === to) return;
    if (from) this.deltas.set(from, (this.deltas.get(from) ?? 0) - 1);
    if (to) this.deltas.set(to, (this.deltas.get(to) ?? 0) + 1);
  }

  /** Returns the changes and clears them. */
  drain(): StateCountChange[] {
    const changes: StateCountChange[] = [];
    for (const [key, by] of this.deltas) {
      const [queue, type, worker, state] = key.split(' ').map(Number) as [number, number, number, number];
      if (by !== 0) changes.push({ queue, type, worker, state, by });
    }
    this.deltas.clear();
    return changes;
  }

  discard(): void {
    this.deltas.clear();
  }
}

function keyOf({ queue, type, worker, state }: StoredTask): string {
  return `${queue} ${type} ${worker} ${state}`;
}
