import { parseQuery } from '../../../src/history/query/parse-query.js';
import type { HistoryStore } from '../../../src/history/ports/history-store.js';
import type { RecordingStore } from '../../../src/history/ports/recording-store.js';
import type { HistoryTask, RecordBatch, RecordOutcome } from '../../../src/history/ports/rows.js';
import { emptyBatch, NOON } from '../../support/history-rows.js';
import type { HistoryAdapter, OpenHistory, OpenOptions } from './adapters.js';

/** A history of one adapter, with short forms of the calls that many cases make. */
export class HistoryFixture {
  private constructor(readonly history: OpenHistory) {}

  static async open(adapter: HistoryAdapter, options?: OpenOptions): Promise<HistoryFixture> {
    return new HistoryFixture(await adapter.open(options));
  }

  get store(): HistoryStore {
    return this.history.store;
  }

  get recording(): RecordingStore {
    return this.history.recording;
  }

  record(batch: Partial<RecordBatch>): Promise<RecordOutcome> {
    return this.store.record({ ...emptyBatch(), ...batch });
  }

  /** Ids that a query finds, in its order. */
  async ids(q: string, limit = 100, now = NOON): Promise<string[]> {
    return (await this.page(q, limit, undefined, now)).items.map(({ id }) => id);
  }

  page(q: string, limit = 100, cursor?: string, now = NOON) {
    return this.store.search({
      query: parseQuery(q),
      limit,
      now,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }

  /** All pages of a query, each `limit` long. */
  async allPages(q: string, limit: number): Promise<HistoryTask[]> {
    const items: HistoryTask[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await this.page(q, limit, cursor);
      items.push(...page.items);
      cursor = page.nextCursor;
      if (cursor === undefined) return items;
    }
  }

  remove(): Promise<void> {
    return this.history.remove();
  }
}
