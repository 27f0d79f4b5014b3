import type { Generated } from 'kysely';
import type { StoredTask } from '../recording/rules/stored-task.js';

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
  tasks: StoredTask;
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
