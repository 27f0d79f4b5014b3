import type { Redaction } from '../../platform/redaction/redaction.js';
import { rootCause } from '../../model/failure.js';
import { errorFingerprint, foldMessage } from '../error-fingerprint.js';
import { toFailure, type FailureColumns } from './attempt-failure.js';
import type { SqliteDatabase } from './database.js';
import { scrubOfBodies } from '../recording/rules/redact-text.js';
import type { StoredTask } from '../recording/rules/stored-task.js';
import type { SearchWriter } from './search-writer.js';
import { codeFactsOf, CUT, indexTask } from '../recording/rules/task-merge.js';
import type { TaskRows } from './task-rows.js';
import type { Dictionary } from './dictionary.js';

/** Part of a merged task that reindexing leaves unchanged. */
const UNCHANGED = { body: undefined, settled: undefined, putBackAt: undefined };

/** Indexes tasks again by the current rules of REDACT: the old index still contains values that they hide. */
export class Reindexer {
  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Dictionary,
    private readonly rows: TaskRows,
    private readonly search: SearchWriter,
    private readonly redaction: Redaction,
  ) {}

  /** Indexes up to `limit` tasks after number `after`. Returns the last one's number, or undefined at the end. */
  piece(after: number, limit: number): number | undefined {
    const tasks = this.db.all<StoredTask>('SELECT * FROM tasks WHERE no > ? ORDER BY no LIMIT ?', [
      after,
      limit,
    ]);
    for (const task of tasks) this.reindex(task);
    this.rows.flush();
    this.search.flush();
    return tasks.length < limit ? undefined : tasks.at(-1)!.no;
  }

  private reindex(before: StoredTask): void {
    const body = (which: 'input' | 'result') =>
      before.cut & CUT[which] ? this.rows.body(before.no, which) : before[which];
    const { texts, facts: found } = indexTask(body, before.tags, this.words, this.redaction);
    const facts = [...found, ...codeFactsOf(before.facts, this.words)];
    const now = { ...before, facts: facts.length > 0 ? JSON.stringify(facts) : null };
    this.rows.put({ before, now, facts, texts, ...UNCHANGED });
    this.search.reindex(now, texts);
    this.scrubGroups(before, body);
  }

  /** An error group shows the message of one of its failures. */
  private scrubGroups(task: StoredTask, body: (which: 'input' | 'result') => string | null): void {
    const words = scrubOfBodies(this.redaction, body);
    if (words.hasNothing) return;
    const type = this.words.textOf(task.type);
    const failures = this.db.all<FailureColumns>(
      'SELECT error_name, error_message, stack, error_more FROM attempts WHERE task = ? AND error_message IS NOT NULL',
      [task.no],
    );
    for (const row of failures) {
      const failure = toFailure(row, this.words)!;
      const fingerprint = errorFingerprint({ ...failure, type });
      const group = this.db.get<{ id: number; message: string; sample: string }>(
        'SELECT id, message, sample FROM error_groups WHERE fingerprint = ?',
        [fingerprint],
      );
      if (!group) continue;
      const { message } = rootCause(failure);
      const shown = words.text(message);
      // Folding may have left parts of a redacted value, which is only recognized as a whole.
      const redacted = shown === message ? group.message : foldMessage(shown);
      const sample = words.text(group.sample);
      if (redacted !== group.message || sample !== group.sample)
        this.db.run('UPDATE error_groups SET message = ?, sample = ? WHERE id = ?', [
          redacted,
          sample,
          group.id,
        ]);
    }
  }
}
