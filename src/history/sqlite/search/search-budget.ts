import { RoostError } from '../../../model/errors.js';

/** Limits of a search, after which it changes its strategy or gives up. */
export interface SearchBudget {
  /** Maximum tasks of a condition that are all read; above it the list is walked in order. */
  few: number;
  /** Maximum rows and ms of a walk, after which the indexes of the conditions are used instead. */
  walk: number;
  walkMs: number;
  /** Maximum entries counted for a total: of an index; of an index with repeated tasks; of task rows. */
  countEntries: number;
  countValues: number;
  countRows: number;
  /** Maximum ms of a count in parts. */
  countMs: number;
  /** Maximum ms of a search, and of one chunk of a longer operation. */
  searchMs: number;
  pieceMs: number;
}

export const DEFAULT_BUDGET: SearchBudget = {
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

/** Rows of the first chunk of a walk. Later chunks grow while they take less than this many ms, up to a maximum. */
const INITIAL_ROWS = 500;
const TARGET_CHUNK_MS = 12;
export const MAX_CHUNK_ROWS = 20_000;

/** Adapts the number of rows per statement, so that no statement takes long, whatever the tests on a row cost. */
export class AdaptiveChunk {
  private size: number;

  constructor(first = INITIAL_ROWS) {
    this.size = first;
  }

  /** Runs one chunk and adapts the size to its duration. */
  run<Result>(walk: (rows: number) => Result): Result {
    const startedAt = performance.now();
    const result = walk(this.size);
    const ms = performance.now() - startedAt;
    if (ms < TARGET_CHUNK_MS) this.size = Math.min(MAX_CHUNK_ROWS, this.size * 4);
    else if (ms > 4 * TARGET_CHUNK_MS) this.size = Math.max(100, Math.floor(this.size / 4));
    return result;
  }
}

/** Time limit of a search: other searches wait for its thread. */
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
      'Narrow it down, for example with created:<1d, a state, a type or a word.';
    throw new RoostError('QUERY_INVALID', `This search ${message}`, [{ path: 'q', message }]);
  }
}
