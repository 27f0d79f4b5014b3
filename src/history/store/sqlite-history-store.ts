import { Worker } from 'node:worker_threads';
import type { QueryNode } from '../query/query-ast.js';
import type {
  ErrorMark,
  ErrorSearch,
  HistoryStore,
  NumberSearch,
  RetentionPolicy,
  TaskSearch,
  WalkPage,
} from './history-store.js';
import type { RecordBatch } from './rows.js';
import { EngineCalls } from './store-calls.js';
import type { EngineOptions } from './store-engine.js';

/** Rows of one answer: what is asked for beyond it comes with the next page. */
const MAX_PAGE = 1000;
const MAX_WALK = 5000;

export interface SqliteHistoryOptions extends EngineOptions {
  /** Threads that read beside the one that writes; a slow search holds up those behind it on its thread. Defaults to 1. */
  readers?: number;
  /** The compiled start of a thread, for tests. */
  thread?: URL;
}

/** The history in an SQLite file: one thread writes, others read. */
export class SqliteHistoryStore implements HistoryStore {
  private readonly writer: EngineCalls;
  private readonly readers: EngineCalls[];
  private turn = 0;

  constructor({
    readers = 1,
    thread = new URL('./store-thread.js', import.meta.url),
    ...options
  }: SqliteHistoryOptions) {
    const start = () => new EngineCalls(new Worker(thread, { workerData: options satisfies EngineOptions }));
    this.writer = start();
    this.readers = Array.from({ length: Math.max(1, readers) }, start);
  }

  async migrate(): Promise<void> {
    // The first call opens the file; the readers follow when it has its tables.
    await this.writer.call('cursors');
    await Promise.all(this.readers.map((reader) => reader.call('cursors')));
  }

  async close(): Promise<void> {
    // The last connection to close folds the log into the file: let that be the one that writes.
    await Promise.all(this.readers.map((reader) => reader.close()));
    await this.writer.close();
  }

  record(batch: RecordBatch) {
    return this.writer.call('record', batch);
  }

  async forget(policy: RetentionPolicy): Promise<number> {
    let forgotten = 0;
    for (;;) {
      // A call of its own for each piece: what is recorded meanwhile has its turn between two of them.
      const piece = await this.writer.call('forgetPiece', policy);
      forgotten += piece.forgotten;
      if (piece.isDone) return forgotten;
    }
  }

  markError(fingerprint: string, mark: ErrorMark) {
    return this.writer.call('markError', fingerprint, mark);
  }

  /** From the thread that writes: what it has recorded counts, not what others see of it yet. */
  cursors() {
    return this.writer.call('cursors');
  }

  get(id: string, queue?: string) {
    return this.reader().call('get', id, queue);
  }

  attempts(id: string, queue?: string) {
    return this.reader().call('attempts', id, queue);
  }

  transitions(id: string, queue?: string) {
    return this.reader().call('transitions', id, queue);
  }

  logs(id: string, page: { queue?: string; after?: number; limit: number }) {
    return this.reader().call('logs', id, { ...page, limit: clamp(page.limit, MAX_PAGE) });
  }

  progress(id: string, queue?: string) {
    return this.reader().call('progress', id, queue);
  }

  search(search: TaskSearch) {
    return this.reader().call('search', { ...search, limit: clamp(search.limit, MAX_PAGE) });
  }

  counts(filter: QueryNode | null) {
    return this.reader().call('counts', filter, Date.now());
  }

  values(field: string, prefix: string, limit: number) {
    return this.reader().call('values', field, prefix, limit);
  }

  ids(filter: QueryNode | null, { after, limit, now = Date.now() }: WalkPage) {
    return this.reader().call('walkIds', filter, after, clamp(limit, MAX_WALK), now);
  }

  tasks(filter: QueryNode | null, { after, limit, now = Date.now() }: WalkPage) {
    return this.reader().call('walk', filter, after, clamp(limit, MAX_PAGE), now);
  }

  errors(search: ErrorSearch) {
    return this.reader().call('errors', { ...search, limit: clamp(search.limit, MAX_PAGE) });
  }

  error(fingerprint: string) {
    return this.reader().call('error', fingerprint);
  }

  numbers(search: NumberSearch) {
    return this.reader().call('numbers', search);
  }

  size() {
    return this.reader().call('size');
  }

  private reader(): EngineCalls {
    return this.readers[this.turn++ % this.readers.length]!;
  }
}

function clamp(limit: number, max: number): number {
  return Math.min(max, Math.max(1, Math.floor(limit)));
}
