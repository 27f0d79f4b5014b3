import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseQuery } from '../../../../src/history/query/parse-query.js';
import type { HistoryTask, RecordBatch } from '../../../../src/history/ports/rows.js';
import { emptyBatch, NOON } from '../../../support/history-rows.js';
import { StoreEngine, type EngineOptions } from '../../../../src/history/sqlite/store-engine.js';

/** A store in a file of its own, without its threads. */
export class StoreFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'roost-history-'));
  readonly file = join(this.folder, 'deep/er/history.db');
  engine: StoreEngine;

  constructor(private options: Partial<EngineOptions> = {}) {
    this.engine = this.open();
  }

  reopen(options: Partial<EngineOptions> = this.options): void {
    this.options = options;
    this.engine.close();
    this.engine = this.open();
  }

  record(batch: Partial<RecordBatch>) {
    return this.engine.record(structuredClone({ ...emptyBatch(), ...batch }));
  }

  /** Ids a query finds, in its order. */
  ids(q: string, limit = 100, now = NOON): string[] {
    return this.page(q, limit, undefined, now).items.map(({ id }) => id);
  }

  page(q: string, limit = 100, cursor?: string, now = NOON) {
    return this.engine.search({
      query: parseQuery(q),
      limit,
      now,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }

  /** All pages of a query, each `limit` long. */
  allPages(q: string, limit: number): HistoryTask[] {
    const items: HistoryTask[] = [];
    for (let cursor: string | undefined; ;) {
      const page = this.page(q, limit, cursor);
      items.push(...page.items);
      cursor = page.nextCursor;
      if (cursor === undefined) return items;
    }
  }

  remove(): void {
    this.engine.close();
    rmSync(this.folder, { recursive: true });
  }

  private open(): StoreEngine {
    return new StoreEngine({ ...this.options, file: this.file });
  }
}
