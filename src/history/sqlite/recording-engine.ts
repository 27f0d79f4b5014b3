import { randomUUID } from 'node:crypto';
import { isFinished, TASK_STATES } from '../../model/states.js';
import { KNOWN_AS } from './adopt-copy.js';
import { outcomeCode, stateCode, toState } from '../recording/rules/codes.js';
import { isSameFile, locateFile, locationId } from './file-location.js';
import { HistoryMovedError } from '../ports/history-errors.js';
import type { RecordBatch, TaskRef } from '../ports/rows.js';
import { StoreEngine } from './store-engine.js';
import type { Synchronous } from './asynchronous.js';
import { WORD } from '../recording/rules/names.js';
import { unpackTransitions } from '../recording/rules/packed-transitions.js';
import { HistoryFencedError } from '../ports/history-errors.js';
import type { AttemptTail } from '../../bullmq/codec/observed-attempts.js';
import type {
  FollowedNote,
  GapChanges,
  GapFindings,
  KnownState,
  NewGap,
  RecordingStore,
  StoredGap,
} from '../ports/recording-store.js';

/** Tasks reindexed per chunk: about ten ms. */
const REINDEX_CHUNK = 100;
/** Maximum stored ids of tasks with an unknown end. */
const MAX_SAMPLE = 20;
const OPEN_STATES = TASK_STATES.filter((state) => !isFinished(state)).map(stateCode);
const ATTEMPT_FAILED = outcomeCode('failed');

/** The store as the recorder uses it: adds the recorder's own state, and fencing against a second recorder. */
export class RecordingEngine extends StoreEngine implements Synchronous<RecordingStore> {
  private readonly location = locateFile(this.db.file);
  readonly storeId = this.location ? locationId(this.location) : randomUUID();

  /** The id changes with a restart of the machine. */
  noteStoreId(): string | undefined {
    const former = this.meta(KNOWN_AS);
    if (former !== this.storeId) this.setMeta(KNOWN_AS, this.storeId);
    return former === this.storeId ? undefined : former;
  }

  /** Checks that the path still leads to the open file. */
  checkLocation(): void {
    if (!this.location) return;
    const { file } = this.db;
    const found = locateFile(file);
    if (found && isSameFile(found, this.location)) return;
    throw new HistoryMovedError(
      `${file} was ${found ? 'replaced' : 'removed or renamed'} while this web app had it open. ` +
        'Start the web app again: nothing is recorded until then.',
    );
  }

  recordAfter(
    batches: readonly RecordBatch[],
    expected: Record<string, string | undefined>,
    { added = [], known = [] }: GapChanges = {},
  ): number[] {
    const ids: number[] = [];
    this.writer.recordAll(batches, Date.now(), () => {
      for (const [queue, place] of Object.entries(expected)) {
        const found = this.db.get<{ place: string }>('SELECT place FROM cursors WHERE queue = ?', [
          queue,
        ])?.place;
        if (found !== place)
          throw new HistoryFencedError(
            `Another process has recorded queue ${queue} up to ${found}, not ${place}.`,
          );
      }
      for (const gap of added) {
        const id = this.addGap(gap);
        this.addToGap({ found: 0, vanished: [], ...gap, id });
        ids.push(id);
      }
      for (const gap of known) this.addToGap(gap);
    });
    return ids;
  }

  isIndexedBy(rules: readonly string[]): boolean {
    if (this.meta('redact') === rulesOf(rules)) return true;
    // A history from before this note existed counts as indexed without rules.
    const isNothing = this.db.get('SELECT 1 FROM tasks LIMIT 1') === undefined;
    if (!isNothing && (this.meta('redact') !== undefined || rules.length > 0)) return false;
    this.setMeta('redact', rulesOf(rules));
    return true;
  }

  reindexPiece(rules: readonly string[]): boolean {
    const known = JSON.parse(this.meta('reindex') ?? '{}') as { rules?: string; after?: number };
    const wanted = rulesOf(rules);
    const after = known.rules === wanted ? (known.after ?? 0) : Number.MIN_SAFE_INTEGER;
    const next = this.writer.reindexPiece(after, REINDEX_CHUNK);
    this.setMeta('reindex', JSON.stringify(next === undefined ? {} : { rules: wanted, after: next }));
    if (next === undefined) this.setMeta('redact', wanted);
    return next === undefined;
  }

  private meta(key: string): string | undefined {
    return this.db.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', [key])?.value;
  }

  private setMeta(key: string, value: string): void {
    this.db.run('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value', [
      key,
      value,
    ]);
  }

  followed(): FollowedNote[] {
    return this.db.all('SELECT queue, since, reconciled FROM followed ORDER BY queue');
  }

  follow(queue: string, now: number): void {
    this.db.run('INSERT INTO followed VALUES (?, ?, NULL) ON CONFLICT DO NOTHING', [queue, now]);
  }

  setReconciled(queue: string, now: number): void {
    this.db.run('UPDATE followed SET reconciled = ? WHERE queue = ?', [now, queue]);
  }

  private addGap({ queue, from, to, noticedAt, detail }: NewGap): number {
    return this.db.get<{ id: number }>(
      `INSERT INTO gaps (queue, from_at, to_at, noticed, found, vanished, sample, detail)
       VALUES (?, ?, ?, ?, 0, 0, '[]', ?) RETURNING id`,
      [queue, from, to, noticedAt, detail],
    )!.id;
  }

  private addToGap({ id, found, vanished, reconciledAt }: GapFindings & { id: number }): void {
    const gap = this.db.get<{ sample: string }>('SELECT sample FROM gaps WHERE id = ?', [id]);
    if (!gap) return;
    if (reconciledAt !== undefined) this.closeGap(id, reconciledAt);
    if (found === 0 && vanished.length === 0) return;
    const sample = [...(JSON.parse(gap.sample) as string[]), ...vanished].slice(0, MAX_SAMPLE);
    this.db.run('UPDATE gaps SET found = found + ?, vanished = vanished + ?, sample = ? WHERE id = ?', [
      found,
      vanished.length,
      JSON.stringify(sample),
      id,
    ]);
  }

  closeGap(id: number, now: number): void {
    this.db.run('UPDATE gaps SET reconciled = ? WHERE id = ?', [now, id]);
  }

  gaps(limit: number): StoredGap[] {
    return this.db
      .all<Omit<StoredGap, 'sample'> & { sample: string }>(
        `SELECT id, queue, from_at AS "from", to_at AS "to", noticed AS noticedAt, reconciled AS reconciledAt, found, vanished, sample, detail
         FROM gaps ORDER BY id DESC LIMIT ?`,
        [limit],
      )
      .map((gap) => ({ ...gap, sample: JSON.parse(gap.sample) as string[] }));
  }

  statesOf(queue: string, ids: readonly string[]): Map<string, KnownState> {
    const rows = this.db.all<{ id: string; state: number; created: number; finished: number | null }>(
      `SELECT t.id, t.state, t.created, t.finished FROM json_each(?1) AS j
       CROSS JOIN tasks AS t ON t.id = j.value AND t.queue = ?2`,
      [JSON.stringify(ids), this.words.find(WORD.queue, queue) ?? 0],
    );
    return new Map(
      rows.map(({ id, state, created, finished }) => [
        id,
        { state: toState(state), createdAt: created, finishedAt: finished },
      ]),
    );
  }

  withEvents(queue: string, ids: readonly string[]): Set<string> {
    const rows = this.db.all<{ id: string; transitions: string | null; hasRow: number }>(
      `SELECT t.id, t.transitions, EXISTS (SELECT 1 FROM transitions WHERE task = t.no AND seq >= 0) AS hasRow
       FROM json_each(?1) AS j CROSS JOIN tasks AS t ON t.id = j.value AND t.queue = ?2`,
      [JSON.stringify(ids), this.words.find(WORD.queue, queue) ?? 0],
    );
    const hasEvents = ({ transitions, hasRow }: (typeof rows)[number]) =>
      hasRow !== 0 || unpackTransitions(transitions).some(({ seq }) => seq >= 0);
    return new Set(rows.filter(hasEvents).map(({ id }) => id));
  }

  openTasks(queue: string): number {
    const name = this.words.find(WORD.queue, queue) ?? 0;
    const states = OPEN_STATES.join(', ');
    return this.db.get<{ n: number }>(
      `SELECT coalesce(sum(n), 0) AS n FROM tallies WHERE queue = ? AND state IN (${states})`,
      [name],
    )!.n;
  }

  /** In the order of their numbers. */
  unsettled(queue: string, after: number, limit: number): { ids: string[]; next: number | undefined } {
    const name = this.words.find(WORD.queue, queue) ?? 0;
    const rows = OPEN_STATES.flatMap((state) =>
      this.db.all<{ no: number; id: string; queue: number }>(
        'SELECT no, id, queue FROM tasks WHERE state = ? AND no > ? ORDER BY no LIMIT ?',
        [state, after, limit],
      ),
    )
      .sort((a, b) => a.no - b.no)
      .slice(0, limit);
    return {
      ids: rows.filter((row) => row.queue === name).map(({ id }) => id),
      next: rows.length < limit ? undefined : rows.at(-1)!.no,
    };
  }

  attemptTails(refs: readonly TaskRef[]): AttemptTail[] {
    const tails = refs.map((): AttemptTail => ({ starts: 0, isOpen: false, failures: 0 }));
    if (refs.length === 0) return tails;
    const rows = this.db.all<{
      place: number;
      number: number | null;
      isCompleted: number;
      finished: number | null;
      outcome: number | null;
    }>(
      `SELECT j.key AS place, t.attempt_version IS NOT NULL AS isCompleted, a.number, a.finished, a.outcome FROM json_each(?) AS j
       CROSS JOIN tasks AS t ON t.id = j.value ->> 0 AND t.queue = j.value ->> 1
       LEFT JOIN attempts AS a ON a.task = t.no ORDER BY j.key, a.number`,
      [JSON.stringify(refs.map(({ id, queue }) => [id, this.words.find(WORD.queue, queue) ?? 0]))],
    );
    for (const { place, number, isCompleted, finished, outcome } of rows) {
      const tail = tails[place]!;
      if (number === null) {
        tail.starts = isCompleted;
        continue;
      }
      tail.starts = number;
      tail.isOpen = outcome === null && finished === null;
      if (outcome === ATTEMPT_FAILED) tail.failures++;
    }
    return tails;
  }
}

/** Increase when the index of values or texts changes: existing tasks are then reindexed in parallel to recording. */
const INDEX_VERSION = 2;

/** Canonical form of the rules, independent of their order. */
function rulesOf(rules: readonly string[]): string {
  const folded = [...new Set(rules.map((rule) => rule.toLowerCase()))].sort();
  return JSON.stringify([INDEX_VERSION, ...folded]);
}
