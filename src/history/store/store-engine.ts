import { statSync } from 'node:fs';
import { BatchWriter } from './batch-writer.js';
import { build } from './builder.js';
import { SqliteDatabase } from './database.js';
import { ErrorsReader } from './errors-reader.js';
import type {
  ErrorMark,
  ErrorSearch,
  NumberSearch,
  RetentionPolicy,
  StoreSize,
  TaskSearch,
} from './history-store.js';
import { migrate } from './migrate.js';
import { readNumbers } from './numbers-reader.js';
import { forgetPiece } from './retention.js';
import type { RecordBatch } from './rows.js';
import type { SearchEffort } from './search/searcher.js';
import { suggest } from './suggestions.js';
import { TaskReader } from './task-reader.js';
import { TaskSearcher } from './task-search.js';
import { Words } from './words.js';
import type { QueryNode } from '../query/query-ast.js';

export interface EngineOptions {
  file: string;
  /** Longest input or result kept whole, in UTF-16 units. */
  bodyLength?: number;
  /** Of a search; set by tests alone. */
  effort?: SearchEffort;
}

/**
 * The store on one connection, synchronous: what a thread of it runs. One engine of a file writes; others read beside
 * it. Every method takes and gives plain data, so that it can be called from another thread by its name.
 */
export class StoreEngine {
  private readonly db: SqliteDatabase;
  private readonly words: Words;
  private readonly writer: BatchWriter;
  private readonly tasks: TaskReader;
  private readonly searcher: TaskSearcher;
  private readonly groups: ErrorsReader;

  constructor({ file, bodyLength, effort }: EngineOptions) {
    this.db = new SqliteDatabase(file);
    migrate(this.db);
    this.words = new Words(this.db);
    this.writer = new BatchWriter(this.db, this.words, bodyLength);
    this.tasks = new TaskReader(this.db, this.words);
    this.searcher = new TaskSearcher(this.db, this.words, this.tasks, effort);
    this.groups = new ErrorsReader(this.db, this.words);
  }

  record(batch: RecordBatch) {
    return this.writer.record(batch);
  }

  forgetPiece(policy: RetentionPolicy) {
    return forgetPiece(this.db, this.writer, policy);
  }

  markError(fingerprint: string, mark: ErrorMark) {
    return this.groups.mark(fingerprint, mark);
  }

  cursors(): Record<string, string> {
    const rows = this.db.query(build.selectFrom('cursors').selectAll().compile());
    return Object.fromEntries(rows.map(({ queue, place }) => [queue, place]));
  }

  get(id: string, queue?: string) {
    return this.tasks.get(id, queue);
  }

  attempts(id: string, queue?: string) {
    return this.tasks.attempts(id, queue);
  }

  transitions(id: string, queue?: string) {
    return this.tasks.transitions(id, queue);
  }

  logs(id: string, page: { queue?: string; after?: number; limit: number }) {
    return this.tasks.logs(id, page);
  }

  progress(id: string, queue?: string) {
    return this.tasks.progress(id, queue);
  }

  search(search: TaskSearch) {
    return this.searcher.search(search);
  }

  counts(filter: QueryNode | null, now: number) {
    return this.searcher.counts(filter, now);
  }

  walk(filter: QueryNode | null, after: number | undefined, limit: number, now: number) {
    return this.searcher.walk(filter, after, limit, now);
  }

  walkIds(filter: QueryNode | null, after: number | undefined, limit: number, now: number) {
    return this.searcher.walkIds(filter, after, limit, now);
  }

  values(field: string, prefix: string, limit: number) {
    return suggest(this.db, this.words, field, prefix, limit);
  }

  errors(search: ErrorSearch) {
    return this.groups.list(search);
  }

  error(fingerprint: string) {
    return this.groups.find(fingerprint);
  }

  numbers(search: NumberSearch) {
    return readNumbers(this.db, this.words, search);
  }

  size(): StoreSize {
    const [{ tasks } = { tasks: null }] = this.db.query(
      build
        .selectFrom('tallies')
        .select(({ fn }) => fn.sum<number | null>('n').as('tasks'))
        .compile(),
    );
    const [oldest] = this.db.query(
      build.selectFrom('tasks').select('created').orderBy('no').limit(1).compile(),
    );
    const bytes = [this.db.file, `${this.db.file}-wal`].reduce(
      (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
    return { bytes, tasks: tasks ?? 0, oldestAt: oldest?.created ?? null };
  }

  close(): void {
    this.db.close();
  }
}
