import { Histogram } from '../histogram.js';
import type { SqliteDatabase } from './database.js';
import type { NumberColumns, TaskColumns } from './schema.js';

/**
 * Spans counted in parallel, ms; a day's numbers are available at once, without a roll-up. `ever` begins in 1970 and
 * never ends: Prometheus counters read it, and retention does not affect it.
 */
export const SPANS = { minute: 60_000, hour: 3_600_000, day: 86_400_000, ever: 1e15 } as const;

export type Counted = 'added' | 'completed' | 'failed' | 'cancelled' | 'expired' | 'retried';

type Sums = Record<Counted | 'wait_sum' | 'run_sum', number>;

interface Cell {
  key: number[];
  sums: Sums;
  waits: Histogram;
  runs: Histogram;
}

type Names = Pick<TaskColumns, 'queue' | 'type' | 'worker'>;

/**
 * Adds events to the numbers of their minute, hour and day: once by queue and type, and once by worker alone. By all
 * three together there would be as many rows as types times workers, every minute.
 */
export class NumbersWriter {
  private readonly cells = new Map<string, Cell>();

  constructor(private readonly db: SqliteDatabase) {}

  /** `by`: -1 takes one back. */
  count(what: Counted, at: number, names: Names, by = 1): void {
    for (const cell of this.cellsOf(at, names)) cell.sums[what] += by;
  }

  /** Adds the durations of a finished task. */
  time(at: number, names: Names, waitMs: number | null, runMs: number | null): void {
    for (const { sums, waits, runs } of this.cellsOf(at, names)) {
      if (waitMs !== null) {
        waits.add(waitMs);
        sums.wait_sum += waitMs;
      }
      if (runMs !== null) {
        runs.add(runMs);
        sums.run_sum += runMs;
      }
    }
  }

  flush(): void {
    const minutes = [...this.cells.values()];
    this.cells.clear();
    for (const span of Object.values(SPANS)) {
      const merged = new Map<string, Cell>();
      for (const cell of minutes) {
        const [at, ...names] = cell.key as [number, ...number[]];
        const key = [span, Math.floor(at / span) * span, ...names];
        const name = key.join(' ');
        const known = merged.get(name);
        if (known) mergeInto(known, cell.sums, cell.waits, cell.runs);
        else merged.set(name, copy(key, cell));
      }
      for (const cell of merged.values()) this.write(cell);
    }
  }

  discard(): void {
    this.cells.clear();
  }

  private cellsOf(at: number, { queue, type, worker }: Names): Cell[] {
    const minute = Math.floor(at / SPANS.minute) * SPANS.minute;
    const byType = this.cell([minute, queue, type, 0]);
    return worker === 0 ? [byType] : [byType, this.cell([minute, 0, 0, worker])];
  }

  private cell(key: number[]): Cell {
    const name = key.join(' ');
    let cell = this.cells.get(name);
    if (!cell)
      this.cells.set(name, (cell = { key, sums: noSums(), waits: new Histogram(), runs: new Histogram() }));
    return cell;
  }

  private write(cell: Cell): void {
    const known = this.db.get<NumberColumns>(
      'SELECT * FROM numbers WHERE span = ? AND at = ? AND queue = ? AND type = ? AND worker = ?',
      [...cell.key],
    );
    if (known) mergeInto(cell, known, Histogram.decode(known.waits), Histogram.decode(known.runs));
    const { sums, waits, runs } = cell;
    this.db.run(`INSERT OR REPLACE INTO numbers VALUES (?,?,?,?,?, ?,?,?,?,?,?, ?,?, ?,?)`, [
      ...cell.key,
      sums.added,
      sums.completed,
      sums.failed,
      sums.cancelled,
      sums.expired,
      sums.retried,
      Math.round(sums.wait_sum),
      Math.round(sums.run_sum),
      waits.count > 0 ? waits.encode() : null,
      runs.count > 0 ? runs.encode() : null,
    ]);
  }
}

function noSums(): Sums {
  return { added: 0, completed: 0, failed: 0, cancelled: 0, expired: 0, retried: 0, wait_sum: 0, run_sum: 0 };
}

function copy(key: number[], { sums, waits, runs }: Cell): Cell {
  const cell: Cell = { key, sums: noSums(), waits: new Histogram(), runs: new Histogram() };
  mergeInto(cell, sums, waits, runs);
  return cell;
}

function mergeInto(cell: Cell, sums: Sums, waits: Histogram, runs: Histogram): void {
  for (const name of Object.keys(cell.sums) as (keyof Sums)[]) cell.sums[name] += sums[name];
  cell.waits.merge(waits);
  cell.runs.merge(runs);
}
