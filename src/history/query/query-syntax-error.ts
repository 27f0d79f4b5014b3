import { RoostError } from '../../model/errors.js';

/** Rejects a query that cannot be parsed, with the position, the problem and the correction. */
export class QuerySyntaxError extends Error {
  override name = 'QuerySyntaxError';

  constructor(
    /** The problem and its correction, in one or two sentences. */
    readonly problem: string,
    /** Range of the query to underline on a page: offsets in UTF-16 units, `to` exclusive. */
    readonly from: number,
    readonly to: number,
  ) {
    super(`Column ${from + 1}: ${problem}`);
  }

  /** Counted from 1. */
  get column(): number {
    return this.from + 1;
  }

  /** Converts the error for the API: field `q`, with the column in the message and as a member of its own. */
  toRoostError(path = 'q'): RoostError {
    return new RoostError('QUERY_INVALID', this.message, [{ path, message: this.message }], {
      column: this.column,
      from: this.from,
      to: this.to,
    });
  }
}
