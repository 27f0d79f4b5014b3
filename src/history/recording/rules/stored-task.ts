/**
 * A task as an adapter stores it: names as their numbers, enumerated values as their codes, structured parts as JSON.
 * Merging and counting work on it, so that no batch is decoded only to be written again.
 */
export interface StoredTask {
  no: number;
  id: string;
  queue: number;
  type: number;
  state: number;
  /** 0 for none. */
  worker: number;
  priority: number;
  attempts_made: number;
  attempts_max: number;
  created: number;
  delay_until: number | null;
  expires: number | null;
  started: number | null;
  finished: number | null;
  wait_ms: number | null;
  run_ms: number | null;
  error_name: number | null;
  error_message: string | null;
  error_group: number | null;
  tags: string | null;
  origin: string | null;
  progress: string | null;
  cancelled: string | null;
  options: string | null;
  input_bytes: number;
  result_bytes: number;
  /** Whole up to `MAX_INLINE_LENGTH`, else its beginning; the whole is in `bodies`. */
  input: string | null;
  result: string | null;
  /** Bit 1: input is truncated here; 2: result is; 4 and 8: the body in `bodies` is truncated too. */
  cut: number;
  /** JSON list of [path, value]: the rows of this task in `facts`. */
  facts: string | null;
  /** Hash of the text in `search`; shows whether it must be rewritten. */
  text_hash: number;
  /** Its first transitions, see packed-transitions.ts; others have rows of their own. */
  transitions: string | null;
  /**
   * Set if the first attempt completed the task and has no row of its own, as this row describes it: the version of
   * its code, 0 for none.
   */
  attempt_version: number | null;
}
