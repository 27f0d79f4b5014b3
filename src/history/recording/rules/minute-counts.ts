import { Histogram } from '../../histogram.js';
import type { Settling } from '../../ports/rows.js';
import { stateCode } from './codes.js';
import type { StoredTask } from './stored-task.js';

/**
 * Spans counted in parallel, ms; a day's numbers are available at once, without a roll-up. `ever` begins in 1970 and
 * never ends: Prometheus counters read it, and retention does not affect it.
 */
export const SPANS = { minute: 60_000, hour: 3_600_000, day: 86_400_000, ever: 1e15 } as const;

export type Counted = 'added' | 'completed' | 'failed' | 'cancelled' | 'expired' | 'retried';

export type Sums = Record<Counted | 'wait_sum' | 'run_sum', number>;

/** Counts of one span. `key`: span, start, queue, type, worker. */
export interface CountCell {
  key: number[];
  sums: Sums;
  waits: Histogram;
  runs: Histogram;
}

type CountedNames = Pick<StoredTask, 'queue' | 'type' | 'worker'>;

/**
 * Counts events for their minute, hour and day: once by queue and type, and once by worker alone. By all
 * three together there would be as many rows as types times workers, every minute.
 */
export class MinuteCounts {
  private readonly cells = new Map<string, CountCell>();
  /** Cells of the last task of each type. */
  private readonly recent = new Map<number, CountedNames & { minute: number; cells: CountCell[] }>();

  /** `by`: -1 takes one back. */
  count(what: Counted, at: number, names: CountedNames, by = 1): void {
    for (const cell of this.cellsOf(at, names)) cell.sums[what] += by;
  }

  /**
   * Counts finishes of a task, in order. `row` describes the last one; earlier ones are known only from the events.
   */
  finish(row: StoredTask, finishes: readonly Settling[]): void {
    for (const { state, at, runMs } of finishes) {
      const isRow = row.finished !== null && stateCode(state) === row.state && at === finishes.at(-1)!.at;
      const time = isRow ? row.finished! : at;
      this.count(state, time, row);
      if (state !== 'completed' && state !== 'failed') continue;
      this.time(time, row, isRow ? row.wait_ms : null, isRow ? row.run_ms : runMs);
    }
  }

  private time(at: number, names: CountedNames, waitMs: number | null, runMs: number | null): void {
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

  /** Returns the counts of all spans and clears them. */
  drain(): CountCell[] {
    const cells: CountCell[] = [];
    const minutes = [...this.cells.values()];
    this.discard();
    for (const span of Object.values(SPANS)) {
      const merged = new Map<string, CountCell>();
      for (const cell of minutes) {
        const [at, ...names] = cell.key as [number, ...number[]];
        const key = [span, Math.floor(at / span) * span, ...names];
        const name = key.join(' ');
        const known = merged.get(name);
        if (known) mergeCounts(known, cell.sums, cell.waits, cell.runs);
        else merged.set(name, copy(key, cell));
      }
      cells.push(...merged.values());
    }
    return cells;
  }

  discard(): void {
    this.cells.clear();
    this.recent.clear();
  }

  private cellsOf(at: number, { queue, type, worker }: CountedNames): CountCell[] {
    const minute = Math.floor(at / SPANS.minute) * SPANS.minute;
    // A task is counted several times, and so are those of its type, usually within one minute.
    const recent = this.recent.get(type);
    if (recent?.minute === minute && recent.queue === queue && recent.worker === worker) return recent.cells;
    const byType = this.cell([minute, queue, type, 0]);
    const cells = worker === 0 ? [byType] : [byType, this.cell([minute, 0, 0, worker])];
    this.recent.set(type, { minute, queue, type, worker, cells });
    return cells;
  }

  private cell(key: number[]): CountCell {
    const name = key.join(' ');
    let cell = this.cells.get(name);
    if (!cell)
      this.cells.set(name, (cell = { key, sums: noSums(), waits: new Histogram(), runs: new Histogram() }));
    return cell;
  }
}

function noSums(): Sums {
  return { added: 0, completed: 0, failed: 0, cancelled: 0, expired: 0, retried: 0, wait_sum: 0, run_sum: 0 };
}

function copy(key: number[], { sums, waits, runs }: CountCell): CountCell {
  const cell: CountCell = { key, sums: noSums(), waits: new Histogram(), runs: new Histogram() };
  mergeCounts(cell, sums, waits, runs);
  return cell;
}

/** Adds counts of the same span, type, queue and worker to `cell`. */
export function mergeCounts(cell: CountCell, sums: Sums, waits: Histogram, runs: Histogram): void {
  for (const name of Object.keys(cell.sums) as (keyof Sums)[]) cell.sums[name] += sums[name];
  cell.waits.merge(waits);
  cell.runs.merge(runs);
}
