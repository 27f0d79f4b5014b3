import type { RawBuilder, SqlBool } from 'kysely';
import { sql } from '../kysely.js';
import { build } from '../builder.js';
import type { SqliteDatabase } from '../database.js';
import {
  Deadline,
  DEFAULT_BUDGET,
  MAX_CHUNK_ROWS,
  AdaptiveChunk,
  type SearchBudget,
} from './search-budget.js';
import { rowTest } from './plan-sql.js';
import type { PagePlace } from './page-cursor.js';
import type { PlanNode } from './search-plan.js';
import { isAfter, orderBy, placeIn, type Phase } from './search-order.js';
import { hasMatch, Sources, type Condition } from './sources.js';

export interface Found extends PagePlace {
  no: number;
}

/** Minimum rows of a walk before its success rate is meaningful. */
const MIN_WALK = 2000;

interface Walked {
  found: Found[];
  /** The last row read; undefined at the end. */
  last: Found | undefined;
}

/**
 * Finds the rows of one plan in one order.
 * SQLite's own planner knows only averages. Here each condition is counted up to a bound, so the rarest one is known.
 * If it has few tasks, these are read and tested against the other conditions. If all conditions are common, the list
 * is walked in its order until the page is full, which usually happens soon. If it does not, because the conditions
 * exclude each other, the indexes of all conditions are intersected.
 */
export class Searcher {
  private readonly conditions: Condition[];
  private readonly sources: Sources;

  constructor(
    private readonly db: SqliteDatabase,
    plan: PlanNode | undefined,
    private readonly budget: SearchBudget = DEFAULT_BUDGET,
    private readonly deadline: Deadline = new Deadline(budget.searchMs),
  ) {
    this.sources = new Sources(db, budget.few);
    this.conditions = this.sources.conditionsOf(plan);
  }

  /** Returns up to `limit` rows after `place`. */
  page(phases: Phase[], place: PagePlace | undefined, limit: number): Found[] {
    const found: Found[] = [];
    for (const phase of phases) {
      found.push(...this.phase(phase, placeIn(phase, place), limit - found.length));
      if (found.length >= limit) break;
      this.deadline.check();
    }
    return found;
  }

  /**
   * Returns the next rows by number, for operations on all of them: as many as one chunk's time allows, at most
   * `limit`, and the continuation.
   */
  piece(phase: Phase, after: number | undefined, limit: number): { numbers: number[]; next?: number } {
    const place = after === undefined ? undefined : { value: null, no: after };
    const deadline = new Deadline(this.budget.pieceMs);
    const rarest = this.conditions[0];
    if (rarest && rarest.estimate <= this.budget.few) {
      const found = this.gather(this.conditions, [rarest], phase, place, limit);
      return { numbers: numbersOf(found), ...(found.length === limit ? { next: found.at(-1)!.no } : {}) };
    }
    const found: Found[] = [];
    const chunk = new AdaptiveChunk();
    let last = place as PagePlace | undefined;
    do {
      const walked = chunk.run((rows) => this.walk(this.conditions, phase, last, rows, limit - found.length));
      found.push(...walked.found);
      last = walked.last;
      if (found.length >= limit) return { numbers: numbersOf(found), next: found.at(-1)!.no };
    } while (last && !deadline.isOver);
    return { numbers: numbersOf(found), ...(last ? { next: last.no } : {}) };
  }

  private phase(phase: Phase, place: PagePlace | undefined, limit: number): Found[] {
    const conditions = phase.leaf
      ? [...this.conditions, ...this.sources.conditionsOf(phase.leaf)]
      : this.conditions;
    const rarest = conditions.reduce<Condition | undefined>(
      (a, b) => (a && a.estimate <= b.estimate ? a : b),
      undefined,
    );
    if (rarest && rarest.estimate <= this.budget.few)
      return this.gather(conditions, [rarest], phase, place, limit);

    const indexed = conditions.filter(({ node }) => this.sources.isIntersectable(node));
    const found: Found[] = [];
    const chunk = new AdaptiveChunk(this.initialRows(phase, conditions));
    const walkDeadline = new Deadline(this.budget.walkMs);
    let walked = 0;
    let last = place;
    for (;;) {
      const part = chunk.run((rows) => {
        walked += rows;
        return this.walk(conditions, phase, last, rows, limit - found.length);
      });
      found.push(...part.found);
      if (found.length >= limit || !part.last) return found;
      last = part.last;
      this.deadline.check();
      const isHopeless =
        walkDeadline.isOver || this.rowsToWalk(walked, found.length, limit) > this.budget.walk;
      if (isHopeless && indexed.length > 0)
        return [...found, ...this.gather(conditions, indexed, phase, last, limit - found.length)];
    }
  }

  /** In another order than by number, each chunk evaluates the whole text search: one long chunk is better then. */
  private initialRows(phase: Phase, conditions: Condition[]): number | undefined {
    const isLong = phase.column !== null && conditions.some(({ node }) => hasMatch(node));
    if (isLong) return Math.min(MAX_CHUNK_ROWS, this.budget.walk);
    return this.budget.walk < MAX_CHUNK_ROWS ? this.budget.walk : undefined;
  }

  /** Estimates the rows to walk until the page is full, at the current rate. */
  private rowsToWalk(walked: number, found: number, limit: number): number {
    if (walked < MIN_WALK) return walked;
    return Math.max(walked, (walked * limit) / (found + 0.5));
  }

  /** Intersects the tasks of all `sources`, filters them by the other conditions, and sorts them. */
  private gather(
    conditions: Condition[],
    sources: Condition[],
    phase: Phase,
    place: PagePlace | undefined,
    limit: number,
  ): Found[] {
    const selects = sources.map(({ node }) => sql`SELECT no FROM (${this.sources.selectOf(node)!})`);
    const all = sql.join(selects, sql` INTERSECT `);
    const others = conditions.filter((condition) => !sources.includes(condition));
    if (phase.column === null && phase.without === undefined)
      return this.gatherByNumber(all, others, phase, place, limit);
    const tests = this.testsOf(others, phase, place, sql`c`);
    return this.rows(sql<Found>`
      WITH c AS MATERIALIZED (${all})
      SELECT DISTINCT ${this.columns(phase, 't')} FROM c CROSS JOIN tasks AS t ON t.no = c.no
      WHERE ${tests ?? sql`1`} ORDER BY ${orderBy(phase, 't')} LIMIT ${limit}`);
  }

  /** Sorts before reading rows. Rows are then read only until the page is full, and not at all without tests. */
  private gatherByNumber(
    numbers: RawBuilder<unknown>,
    others: Condition[],
    phase: Phase,
    place: PagePlace | undefined,
    limit: number,
  ): Found[] {
    const after = place ? sql`WHERE ${isAfter(phase, place, 'n')}` : sql``;
    const sorted = sql`SELECT DISTINCT n.no AS no FROM (${numbers}) AS n ${after} ORDER BY ${orderBy(phase, 'n')}`;
    if (others.length === 0)
      return this.rows(sql<Found>`SELECT ${this.columns(phase, 's')} FROM (${sorted} LIMIT ${limit}) AS s`);
    const tests = this.testsOf(others, phase, undefined, sql`c`);
    return this.rows(sql<Found>`
      WITH c AS MATERIALIZED (${sorted})
      SELECT ${this.columns(phase, 't')} FROM c CROSS JOIN tasks AS t ON t.no = c.no WHERE ${tests ?? sql`1`} LIMIT ${limit}`);
  }

  /** Walks rows in order, for one chunk of the index. */
  private walk(
    conditions: Condition[],
    phase: Phase,
    place: PagePlace | undefined,
    rows: number,
    limit: number,
  ): Walked {
    const driver = phase.column === null ? this.sources.orderedDriver(conditions) : undefined;
    const from = driver
      ? sql`(${driver.select}) AS d`
      : sql`tasks AS d ${phase.column ? sql`INDEXED BY ${sql.ref(SORT_INDEXES[phase.column])}` : sql`NOT INDEXED`}`;
    const bounds = [
      ...(place ? [isAfter(phase, place, 'd')] : []),
      ...(phase.column && phase.column !== 'attempts_made'
        ? [sql<SqlBool>`${sql.ref(`d.${phase.column}`)} IS NOT NULL`]
        : []),
    ];
    const where = bounds.length > 0 ? sql`WHERE ${sql.join(bounds, sql` AND `)}` : sql``;
    const chunk = sql`SELECT ${this.columns(phase, 'd')} FROM ${from} ${where} ORDER BY ${orderBy(phase, 'd')} LIMIT ${rows}`;
    const tests = this.testsOf(
      conditions.filter((condition) => condition !== driver?.condition),
      phase,
      undefined,
      sql`s`,
    );
    const found = this.rows(
      tests
        ? sql<Found>`
      WITH s AS MATERIALIZED (${chunk})
      SELECT ${this.columns(phase, 't')} FROM s CROSS JOIN tasks AS t ON t.no = s.no WHERE ${tests} LIMIT ${limit}`
        : sql<Found>`SELECT * FROM (${chunk}) LIMIT ${limit}`,
    );
    if (found.length >= limit) return { found, last: found.at(-1) };
    const [last] = this.rows(sql<Found>`${chunk} OFFSET ${rows - 1}`);
    return { found, last };
  }

  private testsOf(
    conditions: Condition[],
    phase: Phase,
    place: PagePlace | undefined,
    among: RawBuilder<unknown>,
  ): RawBuilder<SqlBool> | undefined {
    const tests = conditions.map(({ node }) => rowTest(node, among));
    if (phase.without) tests.push(sql<SqlBool>`${sql.ref(`t.${phase.without}`)} IS NULL`);
    else if (phase.column) tests.push(sql<SqlBool>`${sql.ref(`t.${phase.column}`)} IS NOT NULL`);
    if (place) tests.push(isAfter(phase, place, 't'));
    return tests.length > 0 ? sql<SqlBool>`${sql.join(tests, sql` AND `)}` : undefined;
  }

  private columns(phase: Phase, alias: string): RawBuilder<unknown> {
    const no = sql`${sql.ref(`${alias}.no`)} AS no`;
    if (phase.rank !== null) return sql`${no}, ${phase.rank} AS value`;
    if (phase.column === null) return sql`${no}, NULL AS value`;
    const column = sql.ref(`${alias}.${phase.column}`);
    return sql`${no}, ${column} AS value, ${column} AS ${sql.ref(phase.column)}`;
  }

  private rows<Row>(query: RawBuilder<Row>): Row[] {
    return this.db.query(query.compile(build));
  }
}

const SORT_INDEXES = {
  finished: 'tasks_finished',
  wait_ms: 'tasks_wait',
  run_ms: 'tasks_run',
  attempts_made: 'tasks_attempts',
} as const;

function numbersOf(found: Found[]): number[] {
  return found.map(({ no }) => no);
}
