import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewestEvents } from '../../../src/history/freshness.js';
import type { RecorderStatus } from '../../../src/history/history-status.js';
import type { HistoryStore } from '../../../src/history/ports/history-store.js';
import type { RecordBatch } from '../../../src/history/ports/rows.js';
import { StoreEngine } from '../../../src/history/sqlite/store-engine.js';
import { emptyBatch, NOON } from '../../support/history-rows.js';

/** A history on this thread, with the calls that searching needs; `calls` counts them. */
export class HistoryFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'roost-search-'));
  readonly engine = new StoreEngine({ file: join(this.folder, 'history.db') });
  readonly calls: Record<string, number> = {};
  status: RecorderStatus = {
    state: 'recording',
    at: new Date(0).toISOString(),
    lagMs: 0,
    perSecond: 0,
    queues: [],
    gaps: [],
  };
  isCurrent = true;
  /** The last recorded entry of `default`. */
  readonly place = `${NOON}-0`;
  newest: NewestEvents | undefined;

  record(batch: Partial<RecordBatch>): void {
    this.engine.record({ ...emptyBatch(), cursors: { default: this.place }, ...batch });
  }

  get store(): HistoryStore {
    const { engine } = this;
    const counted = <Value>(name: string, value: Value): Promise<Value> => {
      this.calls[name] = (this.calls[name] ?? 0) + 1;
      return Promise.resolve(value);
    };
    const store: Partial<HistoryStore> = {
      search: (search) => counted('search', engine.search(search)),
      searchJson: (search) => counted('searchJson', engine.searchJson(search)),
      counts: (filter) => counted('counts', engine.counts(filter, Date.now())),
      values: (...args) => counted('values', engine.values(...args)),
      ids: (filter, { after, limit, now = Date.now() }) =>
        counted('ids', engine.walkIds(filter, after, limit, now)),
      tasks: (filter, { after, limit, now = Date.now() }) =>
        counted('tasks', engine.walk(filter, after, limit, now)),
      get: (...args) => counted('get', engine.get(...args)),
      searches: () => counted('searches', engine.searches()),
      saveSearch: (search) => counted('saveSearch', engine.saveSearch(search)),
      dropSearch: (id) => counted('dropSearch', engine.dropSearch(id)),
    };
    return store as HistoryStore;
  }

  get freshness() {
    return { newest: () => Promise.resolve(this.newest) };
  }

  get history() {
    return { status: () => this.status, caughtUp: () => Promise.resolve(this.isCurrent) };
  }

  remove(): void {
    this.engine.close();
    rmSync(this.folder, { recursive: true });
  }
}
