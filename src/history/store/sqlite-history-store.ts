import { Worker, type ResourceLimits } from 'node:worker_threads';
import type { QueryNode } from '../query/query-ast.js';
import type {
  ErrorMark,
  ErrorSearch,
  ExactCount,
  HistoryStore,
  NumberSearch,
  RetentionPolicy,
  TaskSearch,
  WalkPage,
} from './history-store.js';
import type { AuditStore } from './audit-store.js';
import type { BulkStore } from './bulk-store.js';
import { ReaderPool } from './reader-pool.js';
import type { RecordBatch } from './rows.js';
import type { SavedSearch } from './saved-searches.js';
import { EngineCalls } from './store-calls.js';
import type { EngineOptions } from './store-engine.js';

/** Rows of one answer: what is asked for beyond it comes with the next page. */
const MAX_PAGE = 1000;
const MAX_WALK = 5000;
const MAX_READERS = 2;
/** What is read again and again stays in the system's own cache of files; this is memory of the process. */
const READER_CACHE_KIB = 4096;
const WRITER_LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 16 };
const READER_LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 4 };

export interface SqliteHistoryOptions extends EngineOptions {
  /** Threads at most that read beside the one that writes; all but one only while a search takes long. Defaults to 2. */
  readers?: number;
  /** The compiled start of a thread, for tests. */
  thread?: URL;
}

/** The history in an SQLite file: one thread writes, others read. */
export class SqliteHistoryStore implements HistoryStore {
  readonly audits: AuditStore;
  readonly bulks: BulkStore;
  private readonly writer: EngineCalls;
  private readonly readers: ReaderPool;

  constructor({
    readers = MAX_READERS,
    thread = new URL('./store-thread.js', import.meta.url),
    ...options
  }: SqliteHistoryOptions) {
    const start = (more: Partial<EngineOptions>, resourceLimits: ResourceLimits = {}) => {
      const workerData = { ...options, ...more } satisfies EngineOptions;
      return new EngineCalls(() => new Worker(thread, { workerData, resourceLimits }));
    };
    this.writer = start({}, WRITER_LIMITS);
    this.readers = new ReaderPool(() => start({ cacheKib: READER_CACHE_KIB }, READER_LIMITS), readers);
    this.audits = auditCalls(this.writer, () => this.reader());
    this.bulks = bulkCalls(this.writer);
  }

  async migrate(): Promise<void> {
    // The first call opens the file. The thread that writes starts with the
    // first thing that is to be written here: the recorder has one of its own.
    await this.reader().call('cursors');
  }

  async close(): Promise<void> {
    // The last connection to close folds the log into the file: let that be the one that writes.
    await this.readers.close();
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

  cursors() {
    return this.reader().call('cursors');
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

  similarRuns(search: { queue: string; type: string; limit: number }) {
    return this.reader().call('similarRuns', { ...search, limit: clamp(search.limit, MAX_PAGE) });
  }

  search(search: TaskSearch) {
    return this.reader().call('search', { ...search, limit: clamp(search.limit, MAX_PAGE) });
  }

  counts(filter: QueryNode | null) {
    return this.reader().call('counts', filter, Date.now());
  }

  async count(filter: QueryNode | null, now = Date.now()) {
    const groups = new Map<string, ExactCount['groups'][number]>();
    let after: number | undefined;
    do {
      // A call of its own for each piece: searches of others have their turn between two of them.
      const piece = await this.reader().call('countPiece', filter, now, after);
      for (const group of piece.groups) {
        const key = `${group.state} ${group.queue}`;
        const known = groups.get(key);
        if (known) known.count += group.count;
        else groups.set(key, { ...group });
      }
      after = piece.next;
    } while (after !== undefined);
    return exactCount([...groups.values()]);
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

  totals(names: number) {
    return this.reader().call('totals', names);
  }

  versions(from: number, to: number) {
    return this.reader().call('versions', from, to);
  }

  noteVersion(version: string, at: number) {
    return this.writer.call('noteVersion', version, at);
  }

  size() {
    return this.reader().call('size');
  }

  /** From the thread that writes, as the two below: who saved one reads it at once. */
  searches() {
    return this.writer.call('searches');
  }

  saveSearch(search: SavedSearch) {
    return this.writer.call('saveSearch', search);
  }

  dropSearch(id: string) {
    return this.writer.call('dropSearch', id);
  }

  private reader(): EngineCalls {
    return this.readers.reader();
  }
}

/** All on the thread that writes: who carries one out reads what it has just written. */
function bulkCalls(writer: EngineCalls): BulkStore {
  const ask =
    (_: object, name: string) =>
    (...args: unknown[]) =>
      writer.call('bulks', name as keyof BulkStore, args);
  return new Proxy({}, { get: ask }) as BulkStore;
}

function auditCalls(writer: EngineCalls, reader: () => EngineCalls): AuditStore {
  return {
    append: (entries) => writer.call('appendAudit', entries),
    search: (search) => reader().call('searchAudit', { ...search, limit: clamp(search.limit, MAX_PAGE) }),
    async forget(before) {
      let forgotten = 0;
      for (;;) {
        const piece = await writer.call('forgetAuditPiece', before);
        forgotten += piece.forgotten;
        if (piece.isDone) return forgotten;
      }
    },
  };
}

function exactCount(groups: ExactCount['groups']): ExactCount {
  const answer: ExactCount = { total: 0, byState: {}, groups };
  for (const { state, count } of groups) {
    answer.total += count;
    answer.byState[state] = (answer.byState[state] ?? 0) + count;
  }
  return answer;
}

function clamp(limit: number, max: number): number {
  return Math.min(max, Math.max(1, Math.floor(limit)));
}
