import { errorFingerprint, foldMessage } from '../error-fingerprint.js';
import type { SqliteDatabase } from './database.js';
import { scrubOfBodies } from './hidden-words.js';
import type { TaskColumns } from './schema.js';
import type { SearchWriter } from './search-writer.js';
import { CUT, indexTask } from './task-merge.js';
import type { TaskRows } from './task-rows.js';
import type { Words } from './words.js';

interface Failure {
  error_name: number;
  error_message: string;
  stack: string | null;
}

/** Of a task that only its index is made anew of. */
const NOTHING_ELSE = { body: undefined, settled: undefined, putBackAt: undefined };

/** Indexes tasks anew by the rules of REDACT that hold now: what they hide was found by the rules of before. */
export class Reindexer {
  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Words,
    private readonly rows: TaskRows,
    private readonly search: SearchWriter,
  ) {}

  /** The tasks after number `after`, so many of them; answers the last one's number, or that there are no more. */
  piece(after: number, limit: number): number | undefined {
    const tasks = this.db.all<TaskColumns>('SELECT * FROM tasks WHERE no > ? ORDER BY no LIMIT ?', [
      after,
      limit,
    ]);
    for (const task of tasks) this.one(task);
    this.rows.flush();
    this.search.flush();
    return tasks.length < limit ? undefined : tasks.at(-1)!.no;
  }

  private one(before: TaskColumns): void {
    const body = (which: 'input' | 'result') =>
      before.cut & CUT[which] ? this.rows.body(before.no, which) : before[which];
    const { texts, facts } = indexTask(body, before.tags, this.words);
    const now = { ...before, facts: facts.length > 0 ? JSON.stringify(facts) : null };
    this.rows.put({ before, now, facts, texts, ...NOTHING_ELSE });
    this.search.again(now, texts);
    this.scrubGroups(before, body);
  }

  /** A group of errors shows the words of one of them. */
  private scrubGroups(task: TaskColumns, body: (which: 'input' | 'result') => string | null): void {
    const words = scrubOfBodies(body);
    if (words.hasNothing) return;
    const type = this.words.textOf(task.type);
    const failures = this.db.all<Failure>(
      'SELECT error_name, error_message, stack FROM attempts WHERE task = ? AND error_message IS NOT NULL',
      [task.no],
    );
    for (const { error_name, error_message: message, stack } of failures) {
      const name = this.words.textOf(error_name);
      const fingerprint = errorFingerprint({ type, name, message, stack: stack ?? undefined });
      const group = this.db.get<{ id: number; message: string; sample: string }>(
        'SELECT id, message, sample FROM error_groups WHERE fingerprint = ?',
        [fingerprint],
      );
      if (!group) continue;
      const shown = words.text(message);
      // Folding has left parts of what is hidden: it is the whole that is known.
      const told = shown === message ? group.message : foldMessage(shown);
      const sample = words.text(group.sample);
      if (told !== group.message || sample !== group.sample)
        this.db.run('UPDATE error_groups SET message = ?, sample = ? WHERE id = ?', [told, sample, group.id]);
    }
  }
}
