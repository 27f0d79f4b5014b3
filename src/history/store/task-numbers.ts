import type { SqliteDatabase } from './database.js';

/** Numbers a millisecond has. */
const PER_MS = 1024;
const EPOCH = Date.UTC(2020, 0, 1);
/** A damaged time of creation stays within what a number can tell. */
const EARLIEST = 0;
const LATEST = Date.UTC(2200, 0, 1);
/** Milliseconds remembered from one batch to the next. */
const MAX_REMEMBERED = 20_000;
/** By how much a number may run ahead of its time of creation before a search for a time could miss it. */
const OVERFLOW_MS = 60_000;

/**
 * Gives tasks their numbers in the table: by time of creation, so that the newest come last in every index. More than
 * 1,024 tasks of one millisecond take numbers of the milliseconds after it.
 */
export class TaskNumbers {
  /** The next number of a millisecond, by its first: also of numbers given out and not yet written. */
  private readonly next = new Map<number, number>();
  /** Where the tasks of a full millisecond go on, so that a million of one time do not each look again. */
  private readonly spills = new Map<number, number>();
  /** No number at or above this one is taken; most tasks are the newest there are. */
  private top: number | undefined;
  /** Changes when another connection has written to the file. */
  private version: number | undefined;

  constructor(private readonly db: SqliteDatabase) {}

  take(created: number): number {
    const own = firstNumber(created);
    for (let first = this.spills.get(own) ?? own; ; first += PER_MS) {
      const number = this.next.get(first) ?? this.written(first);
      this.next.set(first, Math.min(number + 1, first + PER_MS));
      if (number >= first + PER_MS) continue;
      this.top = Math.max(this.top!, number + 1);
      if (first !== own) this.spills.set(own, first);
      return number;
    }
  }

  /** Before each batch: what was given out is written now, and another connection may have written too. */
  refresh(): void {
    const { data_version } = this.db.get<{ data_version: number }>('PRAGMA data_version')!;
    if (data_version !== this.version || this.next.size + this.spills.size > MAX_REMEMBERED) this.forget();
    this.version = data_version;
  }

  forget(): void {
    this.next.clear();
    this.spills.clear();
    this.top = undefined;
  }

  private written(first: number): number {
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
  return (Math.floor(Math.min(LATEST, Math.max(EARLIEST, created))) - EPOCH) * PER_MS;
}

/** No task created before `created` has this number or a higher one. */
export function endNumber(created: number): number {
  return firstNumber(created + OVERFLOW_MS);
}
