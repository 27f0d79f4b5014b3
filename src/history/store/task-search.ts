import { sql } from 'kysely';
import type { TaskState } from '../../contract/states.js';
import { NEWEST_FIRST, type Query, type QueryNode, type Sort } from '../query/query-ast.js';
import { build } from './builder.js';
import { toState } from './codes.js';
import type { SqliteDatabase } from './database.js';
import type { ExactCount, GroupCounts, HistoryPage, TaskSearch } from './history-store.js';
import type { HistoryTask, TaskRef } from './rows.js';
import { readCursor, writeCursor } from './search/page-cursor.js';
import { phasesAfter, phasesOf } from './search/search-order.js';
import { toPlan, type PlanContext, type PlanNode } from './search/search-plan.js';
import { Counter, type Tallied, type Total } from './search/counter.js';
import { EFFORT, type SearchEffort } from './search/effort.js';
import { Searcher } from './search/searcher.js';
import { isTallied, tallyTest, type TallyRow } from './tally-test.js';
import type { TaskReader } from './task-reader.js';
import { toHistoryTask } from './to-history-task.js';
import { afterPrefix, type Words } from './words.js';

interface Walked<Item> {
  items: Item[];
  /** Where to go on; there may be fewer items than asked for all the same. */
  next?: number;
}

/** How many more there are of each queue and state, and where to go on counting. */
export interface CountPiece {
  groups: ExactCount['groups'];
  next?: number;
}

/** Lists, counts and walks over what a query asks for. */
export class TaskSearcher {
  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Words,
    private readonly reader: TaskReader,
    private readonly effort: SearchEffort = EFFORT,
  ) {}

  search({ query, cursor, limit, now }: TaskSearch): HistoryPage {
    const sort = query.sort ?? NEWEST_FIRST;
    const plan = this.plan(query.filter, now);
    const place = cursor === undefined ? undefined : readCursor(sort, cursor);
    const searcher = new Searcher(this.db, plan, this.effort);
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

  /** How many there are of each state, type, queue and worker; of the newest where looking at all would take long. */
  counts(filter: QueryNode | null, now: number): GroupCounts {
    const { rows, next } = this.countPiece(filter, now, undefined, this.effort.countMs);
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

  /** A part of an exact count, short enough to stand between two searches of others. */
  count(filter: QueryNode | null, now: number, after: number | undefined): CountPiece {
    const { rows, next } = this.countPiece(filter, now, after, this.effort.pieceMs);
    const groups = rows.map(({ queue, state, n }) => ({
      queue: this.words.textOf(queue),
      state: toState(state),
      count: n,
    }));
    return { groups, ...(next === undefined ? {} : { next }) };
  }

  /** The next tasks in the order of creation, oldest first, for what acts on all of a query a piece at a time. */
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

  private countPiece(filter: QueryNode | null, now: number, after: number | undefined, ms: number): Tallied {
    const plan = this.plan(filter, now);
    const rows = this.tallies(plan);
    if (rows || !plan) return { rows: rows ?? [] };
    return new Counter(this.db, plan, this.effort).some(ms, after);
  }

  private numbers(filter: QueryNode | null, after: number | undefined, limit: number, now: number) {
    const [phase] = phasesOf({ field: 'created', descending: false }, []);
    return new Searcher(this.db, this.plan(filter, now), this.effort).piece(phase!, after, limit);
  }

  private plan(filter: Query['filter'], now: number): PlanNode | undefined {
    if (!filter) return undefined;
    const context: PlanContext = {
      now,
      words: this.words,
      hasId: (id, isPrefix) => this.hasId(id, isPrefix),
      hasFact: (path, value) => this.hasFact(path, value),
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
    return new Counter(this.db, plan, this.effort).total();
  }

  private tallies(plan: PlanNode | undefined): TallyRow[] | undefined {
    if (!isTallied(plan)) return undefined;
    const rows = this.db.query(build.selectFrom('tallies').selectAll().compile());
    return plan ? rows.filter((row) => tallyTest(plan, row)) : rows;
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
