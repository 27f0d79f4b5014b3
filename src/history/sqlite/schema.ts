import type { Generated } from 'kysely';

/*
 * The tables as the query builder knows them; migrations.ts creates them. Times are ms since 1970, durations ms.
 * `task` in a table is `tasks.no`. Repeated names (queue, type, worker, ...) are numbers of `words`.
 */
export interface HistorySchema {
  meta: { key: string; value: string | number };
  cursors: { queue: string; place: string };
  followed: { queue: string; since: number; reconciled: number | null };
  gaps: GapColumns;
  words: { id: Generated<number>; kind: number; text: string; folded: string };
  tasks: TaskColumns;
  bodies: { task: number; input: string | null; result: string | null };
  attempts: AttemptColumns;
  transitions: {
    task: number;
    at: number;
    seq: number;
    state: number;
    attempt: number | null;
    detail: string | null;
  };
  logs: { task: number; n: number; at: number; level: number; attempt: number; text: string };
  progress: {
    task: number;
    at: number;
    percent: number | null;
    done: number | null;
    total: number | null;
    message: string | null;
    /** JSON */
    details: string | null;
  };
  facts: { path: number; value: string | number; task: number };
  tallies: { queue: number; type: number; worker: number; state: number; n: number };
  numbers: NumberColumns;
  error_groups: ErrorGroupColumns;
  error_hours: { error_group: number; hour: number; n: number };
  error_workers: { error_group: number; worker: number; n: number; last_seen: number };
  searches: { id: string; folded: string; name: string; q: string; columns: string | null; created: number };
  error_versions: { error_group: number; version: number; n: number; first_seen: number; last_seen: number };
  versions: { version: number; first_seen: number };
  audit_chain: {
    n: number;
    entry: number;
    at: number;
    digest: string;
    hash: string;
    /** Null except in the last link of a commit; '' if its process had no key. */
    seal: string | null;
  };
  audit_anchor: AuditAnchorColumns;
  audit_exports: { target: string; n: number; holder: string; until: number };
}

/** The position before the first link, in the only row (id 1). */
export interface AuditAnchorColumns {
  id: number;
  n: number;
  hash: string;
  /** Retention may have removed entries from before this time. */
  before: number;
  /** Entries up to this number are from before the chain existed. */
  since: number;
  seal: string | null;
}

export interface TaskColumns {
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
}

export interface AttemptColumns {
  task: number;
  number: number;
  worker: number;
  started: number | null;
  finished: number | null;
  outcome: number | null;
  error_name: number | null;
  error_message: string | null;
  stack: string | null;
  version: number | null;
  /** JSON of the error's other parts: code, details, cause, inner errors. */
  error_more: string | null;
}

export interface NumberColumns {
  span: number;
  at: number;
  queue: number;
  type: number;
  worker: number;
  added: number;
  completed: number;
  failed: number;
  cancelled: number;
  expired: number;
  retried: number;
  wait_sum: number;
  run_sum: number;
  /** Bound bytes are read back as a buffer. */
  waits: Uint8Array | ArrayBuffer | null;
  runs: Uint8Array | ArrayBuffer | null;
}

export interface ErrorGroupColumns {
  id: Generated<number>;
  fingerprint: string;
  type: number;
  name: string;
  message: string;
  sample: string;
  frame: string;
  first_seen: number;
  last_seen: number;
  n: number;
  state: number;
  note: string | null;
  by: string | null;
  changed: number | null;
  regressed: number | null;
}

/** A range of a queue's events that no process has read. `sample`: JSON list of ids of tasks with an unknown end. */
export interface GapColumns {
  id: Generated<number>;
  queue: string;
  from_at: number;
  to_at: number;
  noticed: number;
  reconciled: number | null;
  found: number;
  vanished: number;
  sample: string;
  detail: string;
}
