import { statSync } from 'node:fs';
import { Redaction } from '../../platform/redaction/redaction.js';
import { adoptCopy } from './adopt-copy.js';
import { AuditExports } from './audit-exports.js';
import { readLinks } from './audit-links.js';
import { AuditRows, toStoredEntry } from './audit-rows.js';
import { AuditSeal } from './audit-seal.js';
import type { AuditEntry, AuditLink, AuditSearch } from '../ports/audit-store.js';
import { BatchWriter } from './batch-writer.js';
import { build } from './builder.js';
import { readCursors } from './cursors.js';
import { BulkRows } from './bulk-rows.js';
import { SqliteDatabase } from './database.js';
import { ErrorsReader } from './errors-reader.js';
import type { HistoryPageJson, RetentionPolicy, StoreSize, TaskSearch } from '../ports/history-store.js';
import type { ErrorMark, ErrorSearch } from '../ports/error-group-store.js';
import type { NumberSearch } from '../ports/stats-store.js';
import { migrate } from './migrate.js';
import { readFirstNumberAt, readNumbers } from './numbers-reader.js';
import { forgetPiece } from './retention.js';
import type { RecordBatch } from '../ports/rows.js';
import type { SavedSearch } from '../ports/saved-search-store.js';
import { dropSearch, savedSearches, saveSearch } from './saved-searches.js';
import type { SearchBudget } from './search/search-budget.js';
import { similarRuns } from './similar-runs.js';
import { suggest } from './suggestions.js';
import { TaskReader } from './task-reader.js';
import { toPageJson } from '../to-page-json.js';
import { TaskSearcher } from './task-search.js';
import { readTotals } from './totals-reader.js';
import { Versions } from './versions.js';
import { Dictionary } from './dictionary.js';
import type { QueryNode } from '../query/query-ast.js';

export interface EngineOptions {
  file: string;
  /** Maximum stored length of an input or result, UTF-16 units. */
  bodyLength?: number;
  /** Page cache of this connection, KiB. */
  cacheKib?: number;
  /** Redacted paths, which no index contains. */
  redact?: readonly string[];
  /** Limits of a search; only tests set it. */
  budget?: SearchBudget;
  /** Key that seals the audit, see `toAuditKey`. Without it, rewriting the whole audit would go unnoticed. */
  auditKey?: string;
}

/**
 * The store on one connection, synchronous: runs in a thread. One engine of a file writes; others read in parallel.
 * Every method accepts and returns plain data, so that another thread can call it by name.
 */
export class StoreEngine {
  protected readonly db: SqliteDatabase;
  protected readonly words: Dictionary;
  protected readonly writer: BatchWriter;
  private readonly redaction: Redaction;
  private readonly tasks: TaskReader;
  private readonly searcher: TaskSearcher;
  private readonly groups: ErrorsReader;
  private readonly auditRows: AuditRows;
  private readonly exports: AuditExports;
  private readonly bulkRows: BulkRows;
  private readonly codeVersions: Versions;

  constructor({ file, bodyLength, cacheKib, redact = [], budget, auditKey }: EngineOptions) {
    this.db = new SqliteDatabase(file, cacheKib);
    migrate(this.db);
    adoptCopy(this.db);
    this.words = new Dictionary(this.db);
    this.redaction = new Redaction(redact);
    this.writer = new BatchWriter(this.db, this.words, this.redaction, bodyLength);
    this.tasks = new TaskReader(this.db, this.words);
    this.searcher = new TaskSearcher(this.db, this.words, this.tasks, budget);
    this.groups = new ErrorsReader(this.db, this.words);
    this.auditRows = new AuditRows(this.db, new AuditSeal(auditKey === undefined ? [] : [auditKey]));
    this.exports = new AuditExports(this.db);
    this.bulkRows = new BulkRows(this.db);
    this.codeVersions = new Versions(this.db, this.words);
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
    return readCursors(this.db);
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

  similarRuns(search: { queue: string; type: string; limit: number }) {
    return similarRuns(this.db, this.words, search);
  }

  search(search: TaskSearch) {
    return this.searcher.search(search);
  }

  searchJson(search: TaskSearch): HistoryPageJson {
    const cursors = this.cursors();
    return { ...toPageJson(this.search(search), this.redaction, search.now), cursors };
  }

  counts(filter: QueryNode | null, now: number) {
    return this.searcher.counts(filter, now);
  }

  countPiece(filter: QueryNode | null, now: number, after: number | undefined) {
    return this.searcher.count(filter, now, after);
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

  firstNumberAt() {
    return readFirstNumberAt(this.db);
  }

  totals(names: number) {
    return readTotals(this.db, this.words, names);
  }

  versions(from: number, to: number) {
    return this.codeVersions.list(from, to);
  }

  noteVersion(version: string, at: number): void {
    try {
      this.db.transaction(() => {
        this.codeVersions.note(version, at);
        this.codeVersions.flush();
      });
    } catch (error) {
      this.codeVersions.discard();
      this.words.forget();
      throw error;
    }
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

  searches() {
    return savedSearches(this.db);
  }

  saveSearch(search: SavedSearch) {
    return saveSearch(this.db, search);
  }

  dropSearch(id: string) {
    return dropSearch(this.db, id);
  }

  /** Calls a method of `BulkRows` by its name. */
  bulks(call: Exclude<keyof BulkRows, symbol>, args: unknown[]): unknown {
    return (this.bulkRows[call] as (...args: unknown[]) => unknown).apply(this.bulkRows, args);
  }

  appendAudit(entries: AuditEntry[]): void {
    this.auditRows.append(entries);
  }

  searchAudit(search: AuditSearch) {
    return this.auditRows.search(search);
  }

  forgetAuditPiece(before: number) {
    return this.auditRows.forgetPiece(before);
  }

  auditLinks(after: number, limit: number): AuditLink[] {
    return readLinks(this.db, after, limit).map(({ n, hash, row }) => ({
      ...{ n, hash },
      entry: row && toStoredEntry(row),
    }));
  }

  claimAuditExport(target: string, holder: string, now: number, forMs: number) {
    return this.exports.claim(target, holder, now, forMs);
  }

  noteAuditExport(target: string, holder: string, n: number): void {
    this.exports.note(target, holder, n);
  }

  releaseAuditExport(target: string, holder: string): void {
    this.exports.release(target, holder);
  }

  close(): void {
    this.db.close();
  }
}
