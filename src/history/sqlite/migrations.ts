/** One migration of the file's format. A released migration never changes: a later one corrects its mistakes. */
export interface Migration {
  number: number;
  what: string;
  sql: string;
  /** Runs before `sql` in a file without tasks: changes that would rewrite what a large file holds. */
  sqlIfEmpty?: string;
}

/*
 * tasks.no grows with the creation time (task-numbers.ts), so every index below is also sorted by age at no cost: an
 * index entry ends with the row's number. Free text is a contentless FTS5 table, which stores only the index; tasks
 * are deleted from it by number. Word prefixes have no index of their own: it would double the cost of the text, and a
 * search for one letter among a million tasks takes a tenth of a second without. Files from before number 11 still have
 * it. facts consists only of its key: equal values of a path are adjacent, numbers before text.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    what: 'tasks and all their records',
    sql: `
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE cursors (queue TEXT PRIMARY KEY, place TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE words (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, text TEXT NOT NULL, folded TEXT NOT NULL, UNIQUE (kind, text));
CREATE INDEX words_folded ON words (kind, folded);

CREATE TABLE tasks (
  no INTEGER PRIMARY KEY, id TEXT NOT NULL, queue INTEGER NOT NULL, type INTEGER NOT NULL, state INTEGER NOT NULL,
  worker INTEGER NOT NULL, priority INTEGER NOT NULL, attempts_made INTEGER NOT NULL, attempts_max INTEGER NOT NULL,
  created INTEGER NOT NULL, delay_until INTEGER, expires INTEGER, started INTEGER, finished INTEGER,
  wait_ms INTEGER, run_ms INTEGER, error_name INTEGER, error_message TEXT, error_group INTEGER,
  tags TEXT, origin TEXT, progress TEXT, cancelled TEXT, options TEXT,
  input_bytes INTEGER NOT NULL, result_bytes INTEGER NOT NULL, input TEXT, result TEXT, cut INTEGER NOT NULL,
  facts TEXT, text_hash INTEGER NOT NULL
);
CREATE UNIQUE INDEX tasks_id ON tasks (id, queue);
CREATE INDEX tasks_state ON tasks (state);
CREATE INDEX tasks_type ON tasks (type);
CREATE INDEX tasks_queue ON tasks (queue);
CREATE INDEX tasks_worker ON tasks (worker) WHERE worker <> 0;
CREATE INDEX tasks_attempts ON tasks (attempts_made);
CREATE INDEX tasks_priority ON tasks (priority) WHERE priority > 0;
CREATE INDEX tasks_finished ON tasks (finished) WHERE finished IS NOT NULL;
CREATE INDEX tasks_wait ON tasks (wait_ms) WHERE wait_ms IS NOT NULL;
CREATE INDEX tasks_run ON tasks (run_ms) WHERE run_ms IS NOT NULL;
CREATE INDEX tasks_origin ON tasks (origin) WHERE origin IS NOT NULL;
CREATE INDEX tasks_error_group ON tasks (error_group) WHERE error_group IS NOT NULL;

CREATE TABLE bodies (task INTEGER PRIMARY KEY, input TEXT, result TEXT);
CREATE TABLE attempts (
  task INTEGER NOT NULL, number INTEGER NOT NULL, worker INTEGER NOT NULL, started INTEGER, finished INTEGER,
  outcome INTEGER, error_name INTEGER, error_message TEXT, stack TEXT, PRIMARY KEY (task, number)
) WITHOUT ROWID;
CREATE TABLE transitions (
  task INTEGER NOT NULL, at INTEGER NOT NULL, seq INTEGER NOT NULL, state INTEGER NOT NULL, attempt INTEGER,
  detail TEXT, PRIMARY KEY (task, at, seq, state)
) WITHOUT ROWID;
CREATE TABLE logs (
  task INTEGER NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, level INTEGER NOT NULL, attempt INTEGER NOT NULL,
  text TEXT NOT NULL, PRIMARY KEY (task, n)
) WITHOUT ROWID;
CREATE TABLE progress (
  task INTEGER NOT NULL, at INTEGER NOT NULL, percent REAL, done REAL, total REAL, message TEXT, PRIMARY KEY (task, at)
) WITHOUT ROWID;
CREATE TABLE facts (path INTEGER NOT NULL, value NOT NULL, task INTEGER NOT NULL, PRIMARY KEY (path, value, task)) WITHOUT ROWID;
CREATE VIRTUAL TABLE search USING fts5(
  head, input, result, error, log, content='', contentless_delete=1, prefix='1 2 3', tokenize="unicode61 remove_diacritics 2"
);

CREATE TABLE tallies (
  queue INTEGER NOT NULL, type INTEGER NOT NULL, worker INTEGER NOT NULL, state INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (queue, type, worker, state)
) WITHOUT ROWID;
CREATE TABLE numbers (
  span INTEGER NOT NULL, at INTEGER NOT NULL, queue INTEGER NOT NULL, type INTEGER NOT NULL, worker INTEGER NOT NULL,
  added INTEGER NOT NULL, completed INTEGER NOT NULL, failed INTEGER NOT NULL, cancelled INTEGER NOT NULL,
  expired INTEGER NOT NULL, retried INTEGER NOT NULL, wait_sum INTEGER NOT NULL, run_sum INTEGER NOT NULL,
  waits BLOB, runs BLOB, PRIMARY KEY (span, at, queue, type, worker)
) WITHOUT ROWID;
CREATE TABLE error_groups (
  id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, type INTEGER NOT NULL, name TEXT NOT NULL, message TEXT NOT NULL,
  sample TEXT NOT NULL, frame TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, n INTEGER NOT NULL,
  state INTEGER NOT NULL, note TEXT, by TEXT, changed INTEGER
);
CREATE INDEX error_groups_seen ON error_groups (last_seen);
CREATE TABLE error_hours (error_group INTEGER NOT NULL, hour INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (error_group, hour)) WITHOUT ROWID;
CREATE TABLE error_workers (
  error_group INTEGER NOT NULL, worker INTEGER NOT NULL, n INTEGER NOT NULL, last_seen INTEGER NOT NULL,
  PRIMARY KEY (error_group, worker)
) WITHOUT ROWID;
`,
  },
  {
    number: 2,
    what: 'what the recorder knows: queues followed, gaps',
    sql: `
CREATE TABLE followed (queue TEXT PRIMARY KEY, since INTEGER NOT NULL, reconciled INTEGER) WITHOUT ROWID;
CREATE TABLE gaps (
  id INTEGER PRIMARY KEY, queue TEXT NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER NOT NULL, noticed INTEGER NOT NULL,
  reconciled INTEGER, found INTEGER NOT NULL, vanished INTEGER NOT NULL, sample TEXT NOT NULL, detail TEXT NOT NULL
);
`,
  },
  {
    number: 3,
    what: 'searches with a name',
    sql: `
CREATE TABLE searches (
  id TEXT PRIMARY KEY, folded TEXT NOT NULL UNIQUE, name TEXT NOT NULL, q TEXT NOT NULL, columns TEXT, created INTEGER NOT NULL
) WITHOUT ROWID;
`,
  },
  {
    number: 4,
    what: 'bulk actions and what became of each task',
    sql: `
CREATE TABLE bulks (
  id TEXT PRIMARY KEY, action TEXT NOT NULL, target TEXT, q TEXT, filter TEXT, reason TEXT, by TEXT NOT NULL,
  created INTEGER NOT NULL, starts INTEGER NOT NULL, key TEXT UNIQUE, fingerprint TEXT, state TEXT NOT NULL,
  place INTEGER, whole INTEGER NOT NULL, total INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0,
  asked INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
  started INTEGER, finished INTEGER, aborted TEXT, trouble TEXT, since INTEGER, since_from INTEGER, holder TEXT, heard INTEGER,
  claims INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX bulks_created ON bulks (created);
CREATE TABLE bulk_outcomes (
  bulk TEXT NOT NULL, n INTEGER NOT NULL, queue TEXT NOT NULL, id TEXT NOT NULL, outcome INTEGER NOT NULL DEFAULT 0,
  detail TEXT, at INTEGER, PRIMARY KEY (bulk, n)
) WITHOUT ROWID;
CREATE INDEX bulk_outcomes_outcome ON bulk_outcomes (bulk, outcome, n);
`,
  },
  {
    number: 5,
    what: 'versions of the code that ran, and since when an error is back',
    sql: `
ALTER TABLE attempts ADD COLUMN version INTEGER;
ALTER TABLE error_groups ADD COLUMN regressed INTEGER;
CREATE TABLE error_versions (
  error_group INTEGER NOT NULL, version INTEGER NOT NULL, n INTEGER NOT NULL, first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL, PRIMARY KEY (error_group, version)
) WITHOUT ROWID;
CREATE TABLE versions (version INTEGER PRIMARY KEY, first_seen INTEGER NOT NULL);
`,
  },
  {
    number: 6,
    what: 'who did what',
    sql: `
CREATE TABLE audit (
  no INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL, via TEXT NOT NULL, source TEXT NOT NULL,
  permission TEXT NOT NULL, method TEXT NOT NULL, route TEXT NOT NULL, path TEXT NOT NULL, targets TEXT NOT NULL, reason TEXT,
  status INTEGER NOT NULL, outcome INTEGER NOT NULL, request TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_who ON audit (who, at);
CREATE INDEX audit_permission ON audit (permission, at);
CREATE TABLE audit_targets (target TEXT NOT NULL, no INTEGER NOT NULL, PRIMARY KEY (target, no)) WITHOUT ROWID;
`,
  },
  {
    number: 7,
    what: 'entries of the audit that stand for many',
    sql: `
ALTER TABLE audit ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
ALTER TABLE audit ADD COLUMN last INTEGER;
ALTER TABLE audit ADD COLUMN fold TEXT;
CREATE UNIQUE INDEX audit_fold ON audit (fold) WHERE fold IS NOT NULL;
`,
  },
  {
    number: 8,
    what: 'causes, codes and details of errors; progress as free text; attempts shown as lost that had failed',
    sql: `
ALTER TABLE attempts ADD COLUMN error_more TEXT;
ALTER TABLE progress ADD COLUMN details TEXT;
UPDATE attempts SET outcome = 1 WHERE outcome = 2 AND error_message IS NOT NULL;
`,
  },
  {
    number: 9,
    what: 'the chain over the audit, and how far it was exported',
    sql: `
CREATE TABLE audit_chain (
  n INTEGER PRIMARY KEY, entry INTEGER NOT NULL, at INTEGER NOT NULL, digest TEXT NOT NULL, hash TEXT NOT NULL, seal TEXT
);
CREATE TABLE audit_anchor (
  id INTEGER PRIMARY KEY, n INTEGER NOT NULL, hash TEXT NOT NULL, before INTEGER NOT NULL, since INTEGER NOT NULL, seal TEXT
);
CREATE TABLE audit_exports (target TEXT PRIMARY KEY, n INTEGER NOT NULL, holder TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
`,
  },
  {
    number: 10,
    what: 'transitions and the attempt of an ordinary task in its own row',
    sql: `
ALTER TABLE tasks ADD COLUMN transitions TEXT;
ALTER TABLE tasks ADD COLUMN attempt_version INTEGER;
`,
  },
  {
    number: 11,
    what: 'free text without an index of word prefixes, and merged less often',
    sqlIfEmpty: `
DROP TABLE search;
CREATE VIRTUAL TABLE search USING fts5(
  head, input, result, error, log, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2"
);
`,
    sql: `
INSERT INTO search (search, rank) VALUES ('automerge', 8);
`,
  },
];
