import { sql } from './kysely.js';
import type { TaskState } from '../../model/states.js';
import { NEWEST_FIRST, type Query, type QueryNode, type Sort } from '../query/query-ast.js';
import { KEY_MARK } from '../number-key.js';
import { build } from './builder.js';
import { toState } from '../recording/rules/codes.js';
import type { SqliteDatabase } from './database.js';
import type { ExactCount, GroupCounts, HistoryPage, TaskSearch } from '../ports/history-store.js';
import type { HistoryTask, TaskRef } from '../ports/rows.js';
import { readCursor, writeCursor } from './search/page-cursor.js';
import { phasesAfter, phasesOf } from './search/search-order.js';
import { toPlan, type PlanContext, type PlanNode } from './search/search-plan.js';
import { Counter, type CountedGroups, type Total } from './search/counter.js';
import { DEFAULT_BUDGET, type SearchBudget } from './search/search-budget.js';
import { Searcher } from './search/searcher.js';
import { isCountedByState, matchesStateCount, type StateCountRow } from './state-count-test.js';
import type { TaskReader } from './task-reader.js';
import { toHistoryTask } from './to-history-task.js';
import { afterPrefix, type Dictionary } from './dictionary.js';

interface Walked<Item> {
  items: Item[];
  /** Continuation; a page may have fewer items than requested although there are more. */
  next?: number;
}

/** Additional counts by queue and state, and the continuation. */
export interface CountPiece {
  groups: ExactCount['groups'];
  next?: number;
}

/** Lists, counts and walks the tasks of a query. */
export class TaskSearcher {
  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Dictionary,
    private readonly reader: TaskReader,
    private readonly budget: SearchBudget = DEFAULT_BUDGET,
  ) {}

  search({ query, cursor, limit, now }: TaskSearch): HistoryPage {
    const sort = query.sort ?? NEWEST_FIRST;
    const plan = this.plan(query.filter, now);
    const place = cursor === undefined ? undefined : readCursor(sort, cursor);
    const searcher = new Searcher(this.db, plan, this.budget);
    const phases = phasesAfter(phasesOf(sort, this.types(sort)), sort, place);
    const found = searcher.page(phases, place, limit + 1);
    const shown = found.slice(0, limit);
    const items = this.reader.listed(shown.map(({ no }) => no)).map((row) => toHistoryTask(row, this.words));
    const isWhole = place === undefined && found.length <= limit;
    const { total, totalIsExact } =
      place ?? (isWhole ? { total: found.length, totalIsExact: true } : this.total(plan));
    const last = shown.at(-1);
    const atLeast = Math.max(total, found.length);
    return {
      items,
      total: atLeast,
      totalIsExact,
      ...(found.length > limit && last
        ? { nextCursor: writeCursor(sort, { ...last, total: atLeast, totalIsExact }) }
        : {}),
    };
  }

  /** Counts tasks by state, type, queue and worker; only the newest ones when counting all would take long. */
  counts(filter: QueryNode | null, now: number): GroupCounts {
    const { rows, next } = this.countPiece(filter, now, undefined, this.budget.countMs);
    const counts: GroupCounts = {
      total: 0,
      isExact: next === undefined,
      byState: {},
      byType: {},
      byQueue: {},
      byWorker: {},
    };
    for (const { state, type, queue, worker, n } of rows) {
      counts.total += n;
      add(counts.byState as Record<string, number>, toState(state) satisfies TaskState, n);
      add(counts.byType, this.words.textOf(type), n);
      add(counts.byQueue, this.words.textOf(queue), n);
      if (worker !== 0) add(counts.byWorker, this.words.textOf(worker), n);
    }
    return counts;
  }

  /** Counts one chunk of an exact count, short enough to run between two searches of others. */
  count(filter: QueryNode | null, now: number, after: number | undefined): CountPiece {
    const { rows, next } = this.countPiece(filter, now, after, this.budget.pieceMs);
    const groups = rows.map(({ queue, state, n }) => ({
      queue: this.words.textOf(queue),
      state: toState(state),
      count: n,
    }));
    return { groups, ...(next === undefined ? {} : { next }) };
  }

  /** Returns the next tasks by creation time, oldest first, for actions on all tasks of a query. */
  walk(filter: QueryNode | null, after: number | undefined, limit: number, now: number): Walked<HistoryTask> {
    const { numbers, next } = this.numbers(filter, after, limit, now);
    const items = this.reader.listed(numbers).map((row) => toHistoryTask(row, this.words));
    return { items, ...(next === undefined ? {} : { next }) };
  }

  walkIds(
    filter: QueryNode | null,
    after: number | undefined,
    limit: number,
    now: number,
  ): Walked<TaskRef & { state: TaskState }> {
    const { numbers, next } = this.numbers(filter, after, limit, now);
    const query = sql<{ id: string; queue: number; state: number }>`
      SELECT t.id, t.queue, t.state FROM json_each(${JSON.stringify(numbers)}) AS j CROSS JOIN tasks AS t ON t.no = j.value`;
    const rows = this.db.query(query.compile(build));
    const items = rows.map(({ id, queue, state }) => ({
      id,
      queue: this.words.textOf(queue),
      state: toState(state),
    }));
    return { items, ...(next === undefined ? {} : { next }) };
  }

  private countPiece(
    filter: QueryNode | null,
    now: number,
    after: number | undefined,
    ms: number,
  ): CountedGroups {
    const plan = this.plan(filter, now);
    const rows = this.tallies(plan);
    if (rows || !plan) return { rows: rows ?? [] };
    return new Counter(this.db, plan, this.budget).countFor(ms, after);
  }

  private numbers(filter: QueryNode | null, after: number | undefined, limit: number, now: number) {
    const [phase] = phasesOf({ field: 'created', descending: false }, []);
    return new Searcher(this.db, this.plan(filter, now), this.budget).piece(phase!, after, limit);
  }

  private plan(filter: Query['filter'], now: number): PlanNode | undefined {
    if (!filter) return undefined;
    const context: PlanContext = {
      now,
      words: this.words,
      hasId: (id, isPrefix) => this.hasId(id, isPrefix),
      hasFact: (path, value) => this.hasFact(path, value),
      hasNumberKeys: (path) => this.hasNumberKeys(path),
      errorGroups: (fingerprint, prefix) => this.errorGroups(fingerprint, prefix),
    };
    return toPlan(filter, context);
  }

  private hasId(id: string, isPrefix: boolean): boolean {
    const ids = build.selectFrom('tasks').select('no').limit(1);
    const wanted = isPrefix
      ? ids.where('id', '>=', id).where('id', '<', afterPrefix(id))
      : ids.where('id', '=', id);
    return this.db.query(wanted.compile()).length > 0;
  }

  private hasFact(path: number, value: number | string): boolean {
    const query = build
      .selectFrom('facts')
      .select('task')
      .where('path', '=', path)
      .where('value', '=', value);
    return this.db.query(query.limit(1).compile()).length > 0;
  }

  private hasNumberKeys(path: number): boolean {
    const query = build
      .selectFrom('facts')
      .select('task')
      .where('path', '=', path)
      .where('value', '>=', KEY_MARK);
    return this.db.query(query.limit(1).compile()).length > 0;
  }

  private errorGroups(fingerprint: string, prefix: boolean): number[] {
    const groups = build.selectFrom('error_groups').select('id');
    const wanted = prefix
      ? groups.where('fingerprint', '>=', fingerprint).where('fingerprint', '<', afterPrefix(fingerprint))
      : groups.where('fingerprint', '=', fingerprint);
    return this.db.query(wanted.compile()).map(({ id }) => id);
  }

  private total(plan: PlanNode | undefined): Total {
    const rows = this.tallies(plan);
    if (rows || !plan) return { total: (rows ?? []).reduce((sum, { n }) => sum + n, 0), totalIsExact: true };
    return new Counter(this.db, plan, this.budget).total();
  }

  private tallies(plan: PlanNode | undefined): StateCountRow[] | undefined {
    if (!isCountedByState(plan)) return undefined;
    const rows = this.db.query(build.selectFrom('tallies').selectAll().compile());
    return plan ? rows.filter((row) => matchesStateCount(plan, row)) : rows;
  }

  private types({ field }: Sort): { id: number; text: string }[] {
    if (field !== 'type') return [];
    const used = this.db.query(build.selectFrom('tallies').select('type').distinct().compile());
    const types = used.map(({ type }) => ({ id: type, text: this.words.textOf(type) }));
    return types.sort((a, b) => (a.text < b.text ? -1 : 1));
  }
}

function add(counts: Record<string, number>, name: string, n: number): void {
  counts[name] = (Object.hasOwn(counts, name) ? counts[name]! : 0) + n;
}
