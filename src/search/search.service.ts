import { Inject, Injectable } from '@nestjs/common';
import { TtlCache } from '../coordination/ttl-cache.js';
import { Redaction } from '../platform/redaction/redaction.js';
import type { TaskState } from '../model/states.js';
import type { TaskPage } from '../model/task-view.js';
import { HistoryFreshness, includesAll } from '../history/freshness.js';
import { HistoryStatus, type RecorderStatus } from '../history/history-status.js';
import type { Query, QueryNode } from '../history/query/query-ast.js';
import type { GroupCounts, HistoryPage, HistoryStore } from '../history/ports/history-store.js';
import type { TaskRef } from '../history/ports/rows.js';
import { toTaskView } from '../history/to-task-view.js';
import { HISTORY } from '../history/tokens.js';
import { parseSearch, type ParsedSearch, type SearchParams } from './search-params.js';

const DEFAULT_LIMIT = 50;
/** Tasks per page when all matches of a query are read. */
const WALK_PAGE_SIZE = 500;
/** Maximum age of cached counts, ms. Counting can cost as much as the search, and every open page asks once a second. */
const COUNTS_MAX_AGE_MS = 2_000;
const MAX_CACHED_COUNTS = 50;

/** An answer as UTF-8. */
export interface JsonText {
  bytes: Uint8Array;
  etag?: string;
}

export interface ListRequest extends SearchParams {
  cursor?: string;
  /** 1-200. Defaults to 50. */
  limit?: number;
}

/** Finds tasks in the history, in any queue and state, including those that Redis has dropped. */
@Injectable()
export class SearchService {
  private readonly recentCounts = new TtlCache<GroupCounts>(COUNTS_MAX_AGE_MS, MAX_CACHED_COUNTS);

  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly history: HistoryStatus,
    @Inject(HistoryFreshness) private readonly freshness: Pick<HistoryFreshness, 'newest'>,
    private readonly redaction: Redaction,
  ) {}

  /** @throws RoostError QUERY_INVALID, like every method here that accepts parameters. */
  parse(params: SearchParams): ParsedSearch {
    return parseSearch(params, this.redaction);
  }

  /**
   * Lists tasks, as the JSON of a `TaskPage`. Waits briefly for the history to record recent events; after that, `lagMs`
   * reports its delay.
   */
  async list({ cursor, limit = DEFAULT_LIMIT, ...params }: ListRequest): Promise<JsonText> {
    const { query } = this.parse(params);
    const read = () =>
      this.store.searchJson({ query, limit, now: Date.now(), ...(cursor === undefined ? {} : { cursor }) });
    // Read at the same time: usually all events of before are recorded, as the page's own places show.
    const [newest, page] = await Promise.all([this.freshness.newest(), read()]);
    if (newest && includesAll(page.cursors, newest)) return page;
    if (await this.history.caughtUp()) return read();
    return { bytes: withMember(page.bytes, 'lagMs', this.status().lagMs) };
  }

  async page(query: Query, { cursor, limit }: { cursor?: string; limit: number }): Promise<TaskPage> {
    const isCurrent = await this.history.caughtUp();
    const now = Date.now();
    const page = await this.store.search({ query, limit, now, ...(cursor === undefined ? {} : { cursor }) });
    return this.toTaskPage(page, isCurrent ? undefined : this.status().lagMs, now);
  }

  async counts(params: SearchParams): Promise<GroupCounts> {
    return this.countsOf(this.parse(params));
  }

  /** Counts the matches. The result may be two seconds old. */
  countsOf({ filter, text }: Pick<ParsedSearch, 'filter' | 'text'>): Promise<GroupCounts> {
    return this.recentCounts.get(text, () => this.store.counts(filter));
  }

  async total(filter: QueryNode | null): Promise<Pick<HistoryPage, 'total' | 'totalIsExact'>> {
    const { total, totalIsExact } = await this.store.search({
      query: { filter, sort: null },
      limit: 1,
      now: Date.now(),
    });
    return { total, totalIsExact };
  }

  /** Yields every match that existed when the walk began, oldest first. */
  async *walk(
    filter: QueryNode | null,
    { piece = WALK_PAGE_SIZE }: { piece?: number } = {},
  ): AsyncGenerator<TaskRef & { state: TaskState }> {
    const now = Date.now();
    let after: number | undefined;
    do {
      const page = await this.store.ids(filter, {
        limit: piece,
        now,
        ...(after === undefined ? {} : { after }),
      });
      yield* page.items;
      after = page.next;
    } while (after !== undefined);
  }

  async has(id: string): Promise<boolean> {
    return (await this.store.get(id)) !== undefined;
  }

  status(): RecorderStatus {
    return this.history.status();
  }

  private toTaskPage(page: HistoryPage, lagMs: number | null | undefined, now: number): TaskPage {
    return {
      items: page.items.map((task) => toTaskView(task, this.redaction, now)),
      total: page.total,
      totalIsExact: page.totalIsExact,
      ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
      ...(lagMs === undefined ? {} : { lagMs }),
    };
  }
}

/** Adds a member to the text of an object that is not empty. */
function withMember(json: Uint8Array, name: string, value: unknown): Uint8Array {
  const member = `,${JSON.stringify(name)}:${JSON.stringify(value)}}`;
  return Buffer.concat([json.subarray(0, -1), Buffer.from(member)]);
}
