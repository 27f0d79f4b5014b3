import type { RawBuilder, SqlBool } from 'kysely';
import { sql } from '../kysely.js';
import { build } from '../builder.js';
import type { SqliteDatabase } from '../database.js';
import type { StateCountRow } from '../state-count-test.js';
import { Deadline, DEFAULT_BUDGET, AdaptiveChunk, type SearchBudget } from './search-budget.js';
import { rowTest, sourceOf } from './plan-sql.js';
import type { PlanNode } from './search-plan.js';
import { isLeaf, Sources, type Condition } from './sources.js';

export interface Total {
  total: number;
  totalIsExact: boolean;
}

export interface CountedGroups {
  rows: StateCountRow[];
  /** Continuation, until all tasks are counted. */
  next?: number;
}

/** Counts the tasks of a plan, newest first, as far as that is cheap, or in chunks. */
export class Counter {
  private readonly conditions: Condition[];
  private readonly sources: Sources;

  constructor(
    private readonly db: SqliteDatabase,
    plan: PlanNode,
    private readonly budget: SearchBudget = DEFAULT_BUDGET,
  ) {
    this.sources = new Sources(db, budget.few);
    this.conditions = this.sources.conditionsOf(plan);
  }

  /** Returns the total for a list, or a lower bound. */
  total(): Total {
    const [rarest, ...others] = this.conditions as [Condition, ...Condition[]];
    const source = others.length === 0 && isLeaf(rarest.node) ? sourceOf(rarest.node) : undefined;
    if (source) {
      // Counting rows that may repeat requires remembering each.
      const bound = source.distinct ? this.budget.countEntries : this.budget.countValues;
      const n = this.entries(source.select, bound, source.distinct);
      return { total: Math.min(n, bound), totalIsExact: n <= bound };
    }
    const { rows, next } = this.countFor(this.budget.countMs);
    return { total: rows.reduce((sum, { n }) => sum + n, 0), totalIsExact: next === undefined };
  }

  /** Counts by state, type, queue and worker for about `ms`; returns the counts so far and the continuation. */
  countFor(ms: number, after?: number): CountedGroups {
    const [rarest, ...others] = this.conditions as [Condition, ...Condition[]];
    const source = after === undefined ? this.countable(rarest) : undefined;
    if (source && this.entries(source, this.budget.countRows, true) <= this.budget.countRows)
      return { rows: this.countGroups(sql`SELECT DISTINCT no FROM (${source})`, others) };

    const driver = this.sources.orderedDriver(this.conditions);
    const tests = this.conditions.filter((condition) => condition !== driver?.condition);
    const from = driver ? sql`(${driver.select})` : sql`tasks NOT INDEXED`;
    const deadline = new Deadline(ms);
    const stretch = new AdaptiveChunk();
    const sums = new Map<string, StateCountRow>();
    let last = after;
    do {
      const place: RawBuilder<unknown> = last === undefined ? sql`` : sql`WHERE no < ${last}`;
      const end = stretch.run((rows) => {
        const walked = sql`SELECT no FROM ${from} ${place} ORDER BY no DESC LIMIT ${rows}`;
        addUp(sums, this.countGroups(walked, tests));
        return this.db.query(sql<{ no: number }>`${walked} OFFSET ${rows - 1}`.compile(build))[0];
      });
      last = end?.no;
    } while (last !== undefined && !deadline.isOver);
    return { rows: [...sums.values()], ...(last === undefined ? {} : { next: last }) };
  }

  /** Returns a superset of the tasks unless it is too long itself. */
  private countable({ node, estimate }: Condition): RawBuilder<unknown> | undefined {
    if (isLeaf(node) || estimate <= this.budget.few) return this.sources.selectOf(node);
    return undefined;
  }

  /** Counts up to `bound` + 1. Above `bound` the entries may repeat. */
  private entries(source: RawBuilder<unknown>, bound: number, isDistinct: boolean): number {
    const count = isDistinct ? sql`count(*)` : sql`iif(count(*) > ${bound}, count(*), count(DISTINCT no))`;
    const query = sql<{ n: number }>`SELECT ${count} AS n FROM (${source} LIMIT ${bound + 1})`;
    return this.db.query(query.compile(build))[0]!.n;
  }

  private countGroups(numbers: RawBuilder<unknown>, conditions: Condition[]): StateCountRow[] {
    const tests = conditions.map(({ node }) => rowTest(node, sql`c`));
    const where = tests.length > 0 ? sql<SqlBool>`${sql.join(tests, sql` AND `)}` : sql<SqlBool>`1`;
    const query = sql<StateCountRow>`
      WITH c AS MATERIALIZED (${numbers})
      SELECT t.state, t.type, t.queue, t.worker, count(*) AS n
      FROM c CROSS JOIN tasks AS t ON t.no = c.no WHERE ${where} GROUP BY 1, 2, 3, 4`;
    return this.db.query(query.compile(build));
  }
}

export function addUp(sums: Map<string, StateCountRow>, rows: readonly StateCountRow[]): void {
  for (const row of rows) {
    const key = `${row.state} ${row.type} ${row.queue} ${row.worker}`;
    const sum = sums.get(key);
    if (sum) sum.n += row.n;
    else sums.set(key, { ...row });
  }
}
