import type { SqliteDatabase } from './database.js';

/** Numbers per millisecond. */
const PER_MS = 1024;
const EPOCH = Date.UTC(2020, 0, 1);
/** Limits a damaged creation time to the range of numbers. */
const MIN_TIME = 0;
const MAX_TIME = Date.UTC(2200, 0, 1);
/** Maximum cached milliseconds. */
const MAX_CACHED = 20_000;
/** Maximum distance of a number from its creation time, beyond which a search for a time could miss it, ms. */
const OVERFLOW_MS = 60_000;

/**
 * Assigns tasks their numbers in the table by creation time, so that the newest come last in every index. More than
 * 1,024 tasks of one millisecond use numbers of the following milliseconds.
 */
export class TaskNumbers {
  /** The next number of a millisecond, by its first number; includes numbers assigned and not yet written. */
  private readonly next = new Map<number, number>();
  /** Position after a full millisecond, so that a million tasks of one time do not each search again. */
  private readonly spills = new Map<number, number>();
  /** No number at or above this one is used; most tasks are the newest. */
  private top: number | undefined;
  /** Changes when another connection has written to the file. */
  private version: number | undefined;

  constructor(private readonly db: SqliteDatabase) {}

  assign(created: number): number {
    const own = firstNumber(created);
    for (let first = this.spills.get(own) ?? own; ; first += PER_MS) {
      const number = this.next.get(first) ?? this.firstFree(first);
      this.next.set(first, Math.min(number + 1, first + PER_MS));
      if (number >= first + PER_MS) continue;
      this.top = Math.max(this.top!, number + 1);
      if (first !== own) this.spills.set(own, first);
      return number;
    }
  }

  /**
   * Must be called before each batch: assigned numbers are written by then, and another connection may have written
   * too.
   */
  refresh(): void {
    const { data_version } = this.db.get<{ data_version: number }>('PRAGMA data_version')!;
    if (data_version !== this.version || this.next.size + this.spills.size > MAX_CACHED) this.forget();
    this.version = data_version;
  }

  forget(): void {
    this.next.clear();
    this.spills.clear();
    this.top = undefined;
  }

  private firstFree(first: number): number {
    this.top ??= this.lastIn(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0) + 1;
    return first >= this.top ? first : this.lastIn(first, first + PER_MS, first - 1) + 1;
  }

  private lastIn(from: number, to: number, otherwise: number): number {
    const row = this.db.get<{ last: number | null }>(
      'SELECT max(no) AS last FROM tasks WHERE no >= ? AND no < ?',
      [from, to],
    )!;
    return row.last ?? otherwise;
  }
}

/** No task created at or after `created` has a lower number. */
export function firstNumber(created: number): number {
  return (Math.floor(Math.min(MAX_TIME, Math.max(MIN_TIME, created))) - EPOCH) * PER_MS;
}

/** No task created before `created` has this number or a higher one. */
export function endNumber(created: number): number {
  return firstNumber(created + OVERFLOW_MS);
}
