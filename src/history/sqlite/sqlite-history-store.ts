import { Worker, type ResourceLimits } from 'node:worker_threads';
import type { QueryNode } from '../query/query-ast.js';
import type {
  ExactCount,
  HistoryStore,
  RetentionPolicy,
  TaskSearch,
  WalkPage,
} from '../ports/history-store.js';
import type { ErrorMark, ErrorSearch } from '../ports/error-group-store.js';
import type { NumberSearch } from '../ports/stats-store.js';
import type { AuditStore } from '../ports/audit-store.js';
import type { BulkStore } from '../ports/bulk-store.js';
import { ReaderPool } from './reader-pool.js';
import type { RecordBatch } from '../ports/rows.js';
import type { SavedSearch } from '../ports/saved-search-store.js';
import { EngineCalls, type StoreThread } from './store-calls.js';
import type { EngineOptions } from './store-engine.js';

/** Maximum rows of one reply; further rows come with the next page. */
const MAX_PAGE = 1000;
const MAX_WALK = 5000;
const MAX_READERS = 2;
/**
 * Page cache of a reader, KiB. Small because the system's file cache holds repeatedly read pages; this is memory of
 * the process.
 */
const READER_CACHE_KIB = 4096;
const WRITER_LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 16 };
const READER_LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 4 };

export interface SqliteHistoryOptions extends EngineOptions {
  /** Maximum reader threads beside the writer; more than one run only while a search takes long. Defaults to 2. */
  readers?: number;
  /** URL of the compiled thread entry, or what starts a thread; tests replace it. */
  thread?: URL | ((options: EngineOptions) => StoreThread);
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
      return new EngineCalls(() =>
        thread instanceof URL ? new Worker(thread, { workerData, resourceLimits }) : thread(workerData),
      );
    };
    this.writer = start({}, WRITER_LIMITS);
    this.readers = new ReaderPool(() => start({ cacheKib: READER_CACHE_KIB }, READER_LIMITS), readers);
    this.audits = auditCalls(this.writer, () => this.reader());
    this.bulks = bulkCalls(this.writer);
  }

  async migrate(): Promise<void> {
    // The first call opens the file. The writer thread starts with the first write of this process: the recorder has
    // one of its own.
    await this.reader().call('cursors');
  }

  async close(): Promise<void> {
    // The last connection to close checkpoints the log into the file: the writer must be last.
    await this.readers.close();
    await this.writer.close();
  }

  record(batch: RecordBatch) {
    return this.writer.call('record', batch);
  }

  async forget(policy: RetentionPolicy): Promise<number> {
    let forgotten = 0;
    for (;;) {
      // One call per chunk, so that recording can run in between.
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

  searchJson(search: TaskSearch) {
    return this.reader().call('searchJson', { ...search, limit: clamp(search.limit, MAX_PAGE) });
  }

  counts(filter: QueryNode | null, now = Date.now()) {
    return this.reader().call('counts', filter, now);
  }

  async count(filter: QueryNode | null, now = Date.now()) {
    const groups = new Map<string, ExactCount['groups'][number]>();
    let after: number | undefined;
    do {
      // One call per chunk, so that other searches can run in between.
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

  firstNumberAt() {
    return this.reader().call('firstNumberAt');
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

  /** Served by the writer like the two calls below, so that a client reads its own writes. */
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

/** All calls go to the writer, so that the executing process reads its own writes. */
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
    links: (after, limit) => reader().call('auditLinks', after, clamp(limit, MAX_PAGE)),
    claimExport: (...args) => writer.call('claimAuditExport', ...args),
    noteExport: (...args) => writer.call('noteAuditExport', ...args),
    releaseExport: (...args) => writer.call('releaseAuditExport', ...args),
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
