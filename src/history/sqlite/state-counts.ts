import type { SqliteDatabase } from './database.js';
import type { TaskColumns } from './schema.js';

/** Number of tasks by queue, type, worker and state: exact totals without counting rows. */
export class StateCounts {
  private readonly deltas = new Map<string, number>();

  constructor(private readonly db: SqliteDatabase) {}

  move(before: TaskColumns | undefined, now: TaskColumns | undefined): void {
    const from = before && keyOf(before);
    const to = now && keyOf(now);
    if (from === to) return;
    if (from) this.deltas.set(from, (this.deltas.get(from) ?? 0) - 1);
    if (to) this.deltas.set(to, (this.deltas.get(to) ?? 0) + 1);
  }

  flush(): void {
    let emptied = false;
    for (const [key, delta] of this.deltas) {
      if (delta === 0) continue;
      emptied ||= delta < 0;
      this.db.run(
        'INSERT INTO tallies (queue, type, worker, state, n) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n',
        [...key.split(' ').map(Number), delta],
      );
    }
    if (emptied) this.db.run('DELETE FROM tallies WHERE n <= 0');
    this.deltas.clear();
  }

  discard(): void {
    this.deltas.clear();
  }
}

function keyOf({ queue, type, worker, state }: TaskColumns): string {
  return `${queue} ${type} ${worker} ${state}`;
}
