import { RoostError } from '../../../contract/errors.js';

/** How much a search does before it takes another way, or gives up. */
export interface SearchEffort {
  /** Tasks of a condition are all looked at when there are no more than this; above it the list is walked in order. */
  few: number;
  /** Rows walked, and ms spent so, before the walk is given up for the indexes of the conditions. */
  walk: number;
  walkMs: number;
  /** Entries of an index counted at most for a total; where a task may be there twice; where tasks have to be looked at. */
  countEntries: number;
  countValues: number;
  countRows: number;
  /** ms that counting part by part may take. */
  countMs: number;
  /** ms a search may take, and one piece of what is done in pieces. */
  searchMs: number;
  pieceMs: number;
}

export const EFFORT: SearchEffort = {
  few: 4000,
  walk: 40_000,
  walkMs: 80,
  countEntries: 100_000,
  countValues: 20_000,
  countRows: 10_000,
  countMs: 40,
  searchMs: 5000,
  pieceMs: 40,
};

/** Rows of the first stretch of a walk; those after it grow while they take no longer than this, up to a limit. */
const FIRST_STRETCH = 500;
const STRETCH_MS = 12;
export const LONGEST_STRETCH = 20_000;

/** Rows to look at next, so that no statement takes long, whatever the tests on a row cost. */
export class Stretch {
  private size: number;

  constructor(first = FIRST_STRETCH) {
    this.size = first;
  }

  /** Runs one, and learns from how long it took. */
  run<Result>(walk: (rows: number) => Result): Result {
    const startedAt = performance.now();
    const result = walk(this.size);
    const ms = performance.now() - startedAt;
    if (ms < STRETCH_MS) this.size = Math.min(LONGEST_STRETCH, this.size * 4);
    else if (ms > 4 * STRETCH_MS) this.size = Math.max(100, Math.floor(this.size / 4));
    return result;
  }
}

/** The time a search has: others wait for its thread. */
export class Deadline {
  private readonly at: number;

  constructor(private readonly ms: number) {
    this.at = performance.now() + ms;
  }

  get isOver(): boolean {
    return performance.now() > this.at;
  }

  /** @throws RoostError QUERY_INVALID once the time is up. */
  check(): void {
    if (!this.isOver) return;
    const message =
      `takes longer than ${this.ms / 1000} s on this many tasks. ` +
      'Add what narrows it down, such as created:<1d, a state, a type or a word.';
    throw new RoostError('QUERY_INVALID', `This search ${message}`, [{ path: 'q', message }]);
  }
}
