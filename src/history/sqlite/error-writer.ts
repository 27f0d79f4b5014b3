import { rootCause } from '../../model/failure.js';
import type { TaskFailure } from '../../model/task-view.js';
import { errorFingerprint, foldMessage, rootFrame, type FailureSeen } from '../error-fingerprint.js';
import type { SqliteDatabase } from './database.js';
import { WORD, type Dictionary } from './dictionary.js';
import { ERROR_STATES } from '../ports/error-group-store.js';

/** SQL condition: the group was resolved and has failed again since. SET sees the row before the update. */
const HAS_REGRESSED = `state = ${ERROR_STATES.indexOf('resolved')} AND excluded.last_seen > changed`;

const HOUR = 3_600_000;
const MAX_SAMPLE = 1000;

interface Seen {
  failure: FailureSeen;
  n: number;
  first: number;
  last: number;
  hours: Map<number, number>;
  workers: Map<number, { n: number; last: number }>;
  versions: Map<string, { n: number; first: number; last: number }>;
  /** Receives the group's number once it has one. */
  listeners: ((group: number) => void)[];
}

/** Counts failures by their fingerprint. A resolved group that fails again becomes `regressed`. */
export class ErrorWriter {
  private readonly seen = new Map<string, Seen>();

  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Dictionary,
  ) {}

  count(
    failure: FailureSeen,
    { at, worker, version }: { at: number; worker: number; version?: string | undefined },
    onGroup: (group: number) => void,
  ): void {
    const fingerprint = errorFingerprint(failure);
    let seen = this.seen.get(fingerprint);
    if (!seen) {
      seen = {
        failure,
        n: 0,
        first: at,
        last: at,
        hours: new Map(),
        workers: new Map(),
        versions: new Map(),
        listeners: [],
      };
      this.seen.set(fingerprint, seen);
    }
    seen.n++;
    seen.first = Math.min(seen.first, at);
    seen.last = Math.max(seen.last, at);
    const hour = Math.floor(at / HOUR) * HOUR;
    seen.hours.set(hour, (seen.hours.get(hour) ?? 0) + 1);
    const known = seen.workers.get(worker) ?? { n: 0, last: at };
    seen.workers.set(worker, { n: known.n + 1, last: Math.max(known.last, at) });
    if (version) {
      const before = seen.versions.get(version) ?? { n: 0, first: at, last: at };
      seen.versions.set(version, {
        n: before.n + 1,
        first: Math.min(before.first, at),
        last: Math.max(before.last, at),
      });
    }
    seen.listeners.push(onGroup);
  }

  flush(): void {
    for (const [fingerprint, seen] of this.seen) {
      const group = this.writeGroup(fingerprint, seen);
      for (const [hour, n] of seen.hours) {
        this.db.run('INSERT INTO error_hours VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n', [
          group,
          hour,
          n,
        ]);
      }
      for (const [worker, { n, last }] of seen.workers) {
        this.db.run(
          'INSERT INTO error_workers VALUES (?, ?, ?, ?) ' +
            'ON CONFLICT DO UPDATE SET n = n + excluded.n, last_seen = max(last_seen, excluded.last_seen)',
          [group, worker, n, last],
        );
      }
      for (const [version, { n, first, last }] of seen.versions) {
        this.db.run(
          'INSERT INTO error_versions VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n, ' +
            'first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)',
          [group, this.words.idOf(WORD.version, version), n, first, last],
        );
      }
      for (const listener of seen.listeners) listener(group);
    }
    this.seen.clear();
  }

  discard(): void {
    this.seen.clear();
  }

  private writeGroup(fingerprint: string, { failure, n, first, last }: Seen): number {
    const { name, message } = rootCause(failure);
    return this.db.get<{ id: number }>(
      `INSERT INTO error_groups (fingerprint, type, name, message, sample, frame, first_seen, last_seen, n, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
       ON CONFLICT (fingerprint) DO UPDATE SET n = n + excluded.n, sample = excluded.sample,
         first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen),
         state = iif(${HAS_REGRESSED}, ${ERROR_STATES.indexOf('regressed')}, state),
         regressed = iif(${HAS_REGRESSED}, iif(excluded.first_seen > changed, excluded.first_seen, excluded.last_seen), regressed)
       RETURNING id`,
      [
        fingerprint,
        this.words.idOf(WORD.type, failure.type),
        name,
        foldMessage(message),
        sampleOf(failure).slice(0, MAX_SAMPLE),
        rootFrame(failure),
        first,
        last,
        n,
      ],
    )!.id;
  }
}

/** The thrown error and its root cause. */
function sampleOf(failure: TaskFailure): string {
  const root = rootCause(failure);
  return root === failure ? failure.message : `${failure.message} (caused by ${root.name}: ${root.message})`;
}
