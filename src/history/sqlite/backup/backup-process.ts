import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { clearLocation } from '../adopt-copy.js';
import { SqliteDatabase } from '../database.js';
import { checkFormat } from '../migrate.js';
import type { FromBackup } from './backup-history.js';
import { summarize } from './summarize.js';

/* Entry point of the copying process. Arguments: `source` and `part`, an existing empty file. */
const [source, part] = process.argv.slice(2) as [string, string];

/** Free space required beyond the size of the copy, bytes: the copy is written once, and its check writes nothing. */
const SPARE_BYTES = 1_000_000;

class Failure extends Error {
  constructor(
    message: string,
    readonly cure: string,
  ) {
    super(message);
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}

function send(message: FromBackup): void {
  process.send!(message);
}

/** Copies a snapshot of the moment at which it begins, log included. Does not block writers. */
function copy(): void {
  const db = new SqliteDatabase(source, undefined, ['busy_timeout = 5000']);
  checkFormat(db);
  const size = db.get<{ bytes: number }>(
    `SELECT (p.page_count - f.freelist_count) * s.page_size AS bytes
     FROM pragma_page_count AS p, pragma_freelist_count AS f, pragma_page_size AS s`,
  )!.bytes;
  send({ type: 'size', bytes: size });
  const { bavail, bsize } = statfsSync(dirname(part));
  if (bavail * bsize < size + SPARE_BYTES)
    throw new Failure(
      `The backup needs ${megabytes(size + SPARE_BYTES)}, and ${dirname(part)} has ${megabytes(bavail * bsize)} left.`,
      'Free some space, or name a file on another disk.',
    );
  db.run('VACUUM INTO ?', [part]);
  db.close();
  send({ type: 'copied' });
}

function check(): void {
  // Opened without the options of a history: a backup is one file, without a log beside it.
  const db = new SqliteDatabase(part, undefined, ['temp_store = MEMORY']);
  clearLocation(db);
  const wrong = db
    .all<{ integrity_check: string }>('PRAGMA integrity_check')
    .map(({ integrity_check }) => integrity_check);
  if (wrong.length !== 1 || wrong[0] !== 'ok')
    throw new Failure(
      `The copy is damaged, and so most likely is ${source}: ${wrong.slice(0, 3).join('; ')}`,
      'Keep the backups you have, and restore the newest that is whole.',
    );
  const summary = summarize(db, statSync(part).size);
  const { n } = db.get<{ n: number }>('SELECT coalesce(sum(n), 0) AS n FROM tallies')!;
  if (n !== summary.tasks)
    throw new Failure(
      `The history counts ${n} tasks and has ${summary.tasks}: it is damaged.`,
      'Keep the backups you have, and restore the newest that is whole.',
    );
  db.close();
  send({ type: 'done', summary });
}

try {
  copy();
  check();
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException;
  const isFull = code === 'SQLITE_FULL' || message.includes('disk that holds');
  send({
    type: 'failed',
    message: isFull ? `The disk of ${dirname(part)} is full.` : message,
    cure:
      error instanceof Failure
        ? error.cure
        : isFull
          ? 'Free some space, or name a file on another disk.'
          : '',
  });
}
process.disconnect();
