import { Inject, Injectable } from '@nestjs/common';
import type { TaskState } from '../contract/states.js';
import type { TaskPage } from '../contract/task-view.js';
import { HistoryStatus, type RecorderStatus } from '../history/history-status.js';
import type { Query, QueryNode } from '../history/query/query-ast.js';
import type { GroupCounts, HistoryPage, HistoryStore } from '../history/store/history-store.js';
import type { TaskRef } from '../history/store/rows.js';
import { toTaskView } from '../history/to-task-view.js';
import { HISTORY } from '../history/tokens.js';
import { parseSearch, type ParsedSearch, type SearchParams } from './search-params.js';

const DEFAULT_LIMIT = 50;
/** Tasks fetched at once by who walks over all of a query. */
const WALK_PIECE = 500;
/** Counting what a query finds can cost as much as finding it, and an open page asks every second. */
const COUNTS_MAX_AGE_MS = 2_000;
const COUNTS_REMEMBERED = 50;

export interface ListRequest extends SearchParams {
  cursor?: string;
  /** 1-200. Defaults to 50. */
  limit?: number;
}

/** Finds tasks in the history, whichever queue or state they are in, and whether or not Redis still has them. */
@Injectable()
export class SearchService {
  private readonly remembered = new Map<string, { at: number; answer: Promise<GroupCounts> }>();

  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly history: HistoryStatus,
  ) {}

  /** @throws RoostError QUERY_INVALID, as everything here that takes parameters. */
  parse(params: SearchParams): ParsedSearch {
    return parseSearch(params);
  }

  /** Waits a moment for what has just been written; where that takes longer, `lagMs` says how far it is behind. */
  async list({ cursor, limit = DEFAULT_LIMIT, ...params }: ListRequest): Promise<TaskPage> {
    return this.page(this.parse(params).query, { limit, ...(cursor === undefined ? {} : { cursor }) });
  }

  async page(query: Query, { cursor, limit }: { cursor?: string; limit: number }): Promise<TaskPage> {
    const isCurrent = await this.history.caughtUp();
    const now = Date.now();
    const page = await this.store.search({ query, limit, now, ...(cursor === undefined ? {} : { cursor }) });
    return toTaskPage(page, isCurrent ? undefined : this.status().lagMs, now);
  }

  async counts(params: SearchParams): Promise<GroupCounts> {
    return this.countsOf(this.parse(params));
  }

  /** May be two seconds old. */
  countsOf({ filter, text }: Pick<ParsedSearch, 'filter' | 'text'>): Promise<GroupCounts> {
    const known = this.remembered.get(text);
    if (known && Date.now() - known.at < COUNTS_MAX_AGE_MS) return known.answer;
    const answer = this.store.counts(filter);
    this.remembered.delete(text);
    this.remembered.set(text, { at: Date.now(), answer });
    if (this.remembered.size > COUNTS_REMEMBERED)
      this.remembered.delete(this.remembered.keys().next().value!);
    answer.catch(() => this.remembered.delete(text));
    return answer;
  }

  async total(filter: QueryNode | null): Promise<Pick<HistoryPage, 'total' | 'totalIsExact'>> {
    const { total, totalIsExact } = await this.store.search({
      query: { filter, sort: null },
      limit: 1,
      now: Date.now(),
    });
    return { total, totalIsExact };
  }

  /** Every task of a query that was there when the walk began, oldest first. */
  async *walk(
    filter: QueryNode | null,
    { piece = WALK_PIECE }: { piece?: number } = {},
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
}

function toTaskPage(page: HistoryPage, lagMs: number | undefined, now: number): TaskPage {
  return {
    items: page.items.map((task) => toTaskView(task, now)),
    total: page.total,
    totalIsExact: page.totalIsExact,
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
    ...(lagMs === undefined ? {} : { lagMs }),
  };
}
