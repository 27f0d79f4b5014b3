import { RoostError } from '../../contract/errors.js';

/** A query that cannot be understood: where, what is wrong, and what would be right. */
export class QuerySyntaxError extends Error {
  override name = 'QuerySyntaxError';

  constructor(
    /** What is wrong, and what would be right, in one or two sentences. */
    readonly problem: string,
    /** The stretch of the query it is about, for a page to underline: offsets in UTF-16 units, `to` exclusive. */
    readonly from: number,
    readonly to: number,
  ) {
    super(`Column ${from + 1}: ${problem}`);
  }

  /** Counted from 1. */
  get column(): number {
    return this.from + 1;
  }

  /** The same as an answer of the API: field `q`, with the column in the message and as a member of its own. */
  toRoostError(path = 'q'): RoostError {
    return new RoostError('QUERY_INVALID', this.message, [{ path, message: this.message }], {
      column: this.column,
      from: this.from,
      to: this.to,
    });
  }
}
