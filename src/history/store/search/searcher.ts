import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { build } from '../builder.js';
import type { SqliteDatabase } from '../database.js';
import { rowTest, sourceOf } from './plan-sql.js';
import type { PagePlace } from './page-cursor.js';
import type { PlanLeaf, PlanNode } from './search-plan.js';
import { isAfter, orderBy, placeIn, type Phase } from './search-order.js';

/** How much a search does before it takes another way. */
export interface SearchEffort {
  /** Tasks of a condition are all looked at when there are no more than this; above it the list is walked in order. */
  few: number;
  /** Rows walked before the walk is given up for the indexes of the conditions. */
  walk: number;
  /** The same where each row costs a look into the text index. */
  walkText: number;
  /** Entries of an index counted at most for a total; rows where they have to be looked at, also for their text. */
  countEntries: number;
  countRows: number;
  countText: number;
}

export const EFFORT: SearchEffort = {
  few: 4000,
  walk: 20_000,
  walkText: 1500,
  countEntries: 100_000,
  countRows: 10_000,
  countText: 1500,
};

export interface Found extends PagePlace {
  no: number;
}

export interface Total {
  total: number;
  totalIsExact: boolean;
}

interface Condition {
  node: PlanNode;
  /** At most `few` + 1; Infinity where only looking at rows can tell. */
  estimate: number;
}

/**
 * Finds the rows of one plan in one order.
 *
 * SQLite's own planner knows only averages. Here the rarest condition is known, because each is counted, up to a
 * bound. Rare enough: its tasks are gathered from the index and the other conditions tried on them. Else the list is
 * walked in its order until the page is full, which is soon, as all that is asked for is common; if it is not,
 * because the conditions exclude each other, the indexes of all conditions are intersected.
 */
export class Searcher {
  private readonly conditions: Condition[];

  constructor(
    private readonly db: SqliteDatabase,
    plan: PlanNode | undefined,
    private readonly effort: SearchEffort = EFFORT,
  ) {
    const nodes = plan === undefined ? [] : plan.kind === 'and' ? plan.nodes : [plan];
    this.conditions = nodes.map((node) => ({ node, estimate: this.estimate(node) }));
    this.conditions.sort((a, b) => a.estimate - b.estimate);
  }

  /** Up to `limit` rows after `place`. */
  page(phases: Phase[], place: PagePlace | undefined, limit: number): Found[] {
    const found: Found[] = [];
    for (const phase of phases) {
      found.push(...this.phase(phase, placeIn(phase, place), limit - found.length));
      if (found.length >= limit) break;
    }
    return found;
  }

  total(): Total {
    const [rarest, ...others] = this.conditions;
    if (!rarest) throw new TypeError('The total of everything is known without a search.');
    const source = this.selectOf(rarest.node);
    const { countEntries, countRows, countText } = this.effort;
    const bound =
      others.length === 0 && source ? countEntries : this.isTextual(others) ? countText : countRows;
    const select = source ?? sql`SELECT no FROM tasks ORDER BY no DESC`;
    const tests = source ? others : this.conditions;
    const entries = sql`SELECT DISTINCT no FROM (${select} LIMIT ${bound + 1})`;
    const counted =
      tests.length === 0
        ? sql<{ walked: number; n: number }>`SELECT count(*) AS walked, count(*) AS n FROM (${entries})`
        : sql<{ walked: number; n: number }>`
            SELECT count(*) AS walked, sum(EXISTS (SELECT 1 FROM tasks AS t WHERE t.no = c.no AND ${this.test(tests)})) AS n
            FROM (${entries}) AS c`;
    const { walked, n } = this.rows(counted)[0]!;
    return { total: n ?? 0, totalIsExact: walked <= bound };
  }

  /** Numbers of at most `limit` of the rows, in no order. */
  some(limit: number): RawBuilder<unknown> {
    const [rarest, ...others] = this.conditions;
    const source = rarest && this.selectOf(rarest.node);
    if (!source)
      return sql`SELECT no FROM tasks AS t WHERE ${this.test(this.conditions)} ORDER BY no DESC LIMIT ${limit}`;
    return sql`SELECT DISTINCT t.no AS no FROM (${source}) AS c CROSS JOIN tasks AS t ON t.no = c.no WHERE ${this.test(others)} LIMIT ${limit}`;
  }

  private phase(phase: Phase, place: PagePlace | undefined, limit: number): Found[] {
    const conditions = phase.leaf
      ? [...this.conditions, { node: phase.leaf, estimate: this.estimate(phase.leaf) }]
      : this.conditions;
    const rarest = conditions.reduce<Condition | undefined>(
      (a, b) => (a && a.estimate <= b.estimate ? a : b),
      undefined,
    );
    if (rarest && rarest.estimate <= this.effort.few)
      return this.gather(conditions, [rarest], phase, place, limit);

    const walked = this.walk(conditions, phase, place, limit);
    if (walked.found.length >= limit || walked.isOver) return walked.found;
    const indexed = conditions.filter(({ estimate }) => estimate !== Infinity);
    if (indexed.length > 0) return this.gather(conditions, indexed, phase, place, limit);
    return [...walked.found, ...this.walkOn(conditions, phase, walked.last!, limit - walked.found.length)];
  }

  /** The tasks of all `sources`, those the other conditions fit, sorted. */
  private gather(
    conditions: Condition[],
    sources: Condition[],
    phase: Phase,
    place: PagePlace | undefined,
    limit: number,
  ): Found[] {
    const selects = sources.map(({ node }) => sql`SELECT no FROM (${this.selectOf(node)!})`);
    const tests = this.testsOf(
      conditions.filter((condition) => !sources.includes(condition)),
      phase,
      place,
    );
    return this.rows(sql<Found>`
      WITH c AS MATERIALIZED (${sql.join(selects, sql` INTERSECT `)})
      SELECT DISTINCT ${this.columns(phase, 't')} FROM c CROSS JOIN tasks AS t ON t.no = c.no
      WHERE ${tests} ORDER BY ${orderBy(phase, 't')} LIMIT ${limit}`);
  }

  /** Rows in order, as far as a bounded stretch of the index goes. */
  private walk(conditions: Condition[], phase: Phase, place: PagePlace | undefined, limit: number) {
    const driver = phase.column === null ? this.orderedDriver(conditions) : undefined;
    const tests = conditions.filter((condition) => condition !== driver);
    const bound = this.isTextual(tests) ? this.effort.walkText : this.effort.walk;
    const from = driver
      ? sql`(${sourceOf(driver.node as PlanLeaf)!.select}) AS d`
      : sql`tasks AS d ${phase.column ? sql`INDEXED BY ${sql.ref(SORT_INDEXES[phase.column])}` : sql`NOT INDEXED`}`;
    const bounds = [
      ...(place ? [isAfter(phase, place, 'd')] : []),
      ...(phase.column && phase.column !== 'attempts_made'
        ? [sql<SqlBool>`${sql.ref(`d.${phase.column}`)} IS NOT NULL`]
        : []),
    ];
    const where = bounds.length > 0 ? sql`WHERE ${sql.join(bounds, sql` AND `)}` : sql``;
    const stretch = sql`SELECT ${this.columns(phase, 'd')} FROM ${from} ${where} ORDER BY ${orderBy(phase, 'd')} LIMIT ${bound}`;
    const found = this.rows(sql<Found>`
      SELECT ${this.columns(phase, 't')} FROM (${stretch}) AS s CROSS JOIN tasks AS t ON t.no = s.no
      WHERE ${this.testsOf(tests, phase, undefined)} LIMIT ${limit}`);
    if (found.length >= limit) return { found, isOver: false, last: undefined };
    const [last] = this.rows(sql<Found>`${stretch} OFFSET ${bound - 1}`);
    return { found, isOver: last === undefined, last };
  }

  /** For what no index helps with: stretch after stretch. */
  private walkOn(conditions: Condition[], phase: Phase, place: PagePlace, limit: number): Found[] {
    const found: Found[] = [];
    let last: PagePlace | undefined = place;
    while (last && found.length < limit) {
      const walked: ReturnType<Searcher['walk']> = this.walk(conditions, phase, last, limit - found.length);
      found.push(...walked.found);
      last = walked.last;
    }
    return found;
  }

  /** The rarest condition that gives its tasks in the order of their numbers; of equally common ones the text, which is dear to test. */
  private orderedDriver(conditions: Condition[]): Condition | undefined {
    const ordered = conditions.filter(({ node }) => isLeaf(node) && sourceOf(node)?.ordered);
    return ordered.reduce<Condition | undefined>((a, b) => {
      if (!a || b.estimate < a.estimate) return b;
      return b.estimate === a.estimate && b.node.kind === 'match' ? b : a;
    }, undefined);
  }

  private testsOf(conditions: Condition[], phase: Phase, place: PagePlace | undefined): RawBuilder<SqlBool> {
    const tests = conditions.map(({ node }) => rowTest(node));
    if (phase.without) tests.push(sql<SqlBool>`${sql.ref(`t.${phase.without}`)} IS NULL`);
    else if (phase.column) tests.push(sql<SqlBool>`${sql.ref(`t.${phase.column}`)} IS NOT NULL`);
    if (place) tests.push(isAfter(phase, place, 't'));
    return tests.length > 0 ? sql<SqlBool>`${sql.join(tests, sql` AND `)}` : sql<SqlBool>`1`;
  }

  private test(conditions: Condition[]): RawBuilder<SqlBool> {
    return conditions.length > 0
      ? sql<SqlBool>`${sql.join(
          conditions.map(({ node }) => rowTest(node)),
          sql` AND `,
        )}`
      : sql<SqlBool>`1`;
  }

  private columns(phase: Phase, alias: string): RawBuilder<unknown> {
    const no = sql`${sql.ref(`${alias}.no`)} AS no`;
    if (phase.rank !== null) return sql`${no}, ${phase.rank} AS value`;
    if (phase.column === null) return sql`${no}, NULL AS value`;
    const column = sql.ref(`${alias}.${phase.column}`);
    return sql`${no}, ${column} AS value, ${column} AS ${sql.ref(phase.column)}`;
  }

  /** How many tasks there are of it, counted up to `few` + 1. */
  private estimate(node: PlanNode): number {
    if (node.kind === 'or') return node.nodes.reduce((sum, part) => sum + this.estimate(part), 0);
    if (node.kind === 'and') return Math.min(...node.nodes.map((part) => this.estimate(part)));
    if (node.kind === 'not') return Infinity;
    const source = sourceOf(node);
    if (!source) return Infinity;
    return this.rows(
      sql<{ n: number }>`SELECT count(*) AS n FROM (${source.select} LIMIT ${this.effort.few + 1})`,
    )[0]!.n;
  }

  /** Numbers of at least all tasks of a node with a finite estimate; of a leaf exactly of them. */
  private selectOf(node: PlanNode): RawBuilder<unknown> | undefined {
    if (node.kind === 'not') return undefined;
    if (node.kind === 'and') {
      const rarest = node.nodes.reduce((a, b) => (this.estimate(b) < this.estimate(a) ? b : a));
      const select = this.selectOf(rarest);
      return (
        select &&
        sql`SELECT t.no AS no FROM (${select}) AS c CROSS JOIN tasks AS t ON t.no = c.no WHERE ${rowTest(node)}`
      );
    }
    if (node.kind !== 'or') return sourceOf(node)?.select;
    const selects = node.nodes.map((part) => this.selectOf(part));
    if (selects.some((select) => select === undefined)) return undefined;
    return sql.join(
      selects.map((select) => sql`SELECT no FROM (${select!})`),
      sql` UNION `,
    );
  }

  private isTextual(conditions: Condition[]): boolean {
    return conditions.some(({ node }) => hasMatch(node));
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

function isLeaf(node: PlanNode): node is PlanLeaf {
  return node.kind !== 'and' && node.kind !== 'or' && node.kind !== 'not';
}

function hasMatch(node: PlanNode): boolean {
  if (node.kind === 'and' || node.kind === 'or') return node.nodes.some(hasMatch);
  return node.kind === 'not' ? hasMatch(node.node) : node.kind === 'match';
}
