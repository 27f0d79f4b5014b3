import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { build } from '../builder.js';
import type { SqliteDatabase } from '../database.js';
import type { TallyRow } from '../tally-test.js';
import { Deadline, EFFORT, Stretch, type SearchEffort } from './effort.js';
import { rowTest, sourceOf } from './plan-sql.js';
import type { PlanNode } from './search-plan.js';
import { isLeaf, Sources, type Condition } from './sources.js';

export interface Total {
  total: number;
  totalIsExact: boolean;
}

export interface Tallied {
  rows: TallyRow[];
  /** Where to go on, while not all of them are counted. */
  next?: number;
}

/** Counts the tasks of a plan, newest first, as far as that is cheap or a piece at a time. */
export class Counter {
  private readonly conditions: Condition[];
  private readonly sources: Sources;

  constructor(
    private readonly db: SqliteDatabase,
    plan: PlanNode,
    private readonly effort: SearchEffort = EFFORT,
  ) {
    this.sources = new Sources(db, effort.few);
    this.conditions = this.sources.conditionsOf(plan);
  }

  /** For a list: how many there are, or how many at least. */
  total(): Total {
    const [rarest, ...others] = this.conditions as [Condition, ...Condition[]];
    const source = others.length === 0 && isLeaf(rarest.node) ? sourceOf(rarest.node) : undefined;
    if (source) {
      // To count what may come twice, each has to be remembered.
      const bound = source.distinct ? this.effort.countEntries : this.effort.countValues;
      const n = this.entries(source.select, bound, source.distinct);
      return { total: Math.min(n, bound), totalIsExact: n <= bound };
    }
    const { rows, next } = this.some(this.effort.countMs);
    return { total: rows.reduce((sum, { n }) => sum + n, 0), totalIsExact: next === undefined };
  }

  /** By state, type, queue and worker, in about `ms`: what was counted until then, and where to go on. */
  some(ms: number, after?: number): Tallied {
    const [rarest, ...others] = this.conditions as [Condition, ...Condition[]];
    const source = after === undefined ? this.countable(rarest) : undefined;
    if (source && this.entries(source, this.effort.countRows, true) <= this.effort.countRows)
      return { rows: this.tallied(sql`SELECT DISTINCT no FROM (${source})`, others) };

    const driver = this.sources.orderedDriver(this.conditions);
    const tests = this.conditions.filter((condition) => condition !== driver?.condition);
    const from = driver ? sql`(${driver.select})` : sql`tasks NOT INDEXED`;
    const deadline = new Deadline(ms);
    const stretch = new Stretch();
    const sums = new Map<string, TallyRow>();
    let last = after;
    do {
      const place: RawBuilder<unknown> = last === undefined ? sql`` : sql`WHERE no < ${last}`;
      const end = stretch.run((rows) => {
        const walked = sql`SELECT no FROM ${from} ${place} ORDER BY no DESC LIMIT ${rows}`;
        addUp(sums, this.tallied(walked, tests));
        return this.db.query(sql<{ no: number }>`${walked} OFFSET ${rows - 1}`.compile(build))[0];
      });
      last = end?.no;
    } while (last !== undefined && !deadline.isOver);
    return { rows: [...sums.values()], ...(last === undefined ? {} : { next: last }) };
  }

  /** What lists at least all tasks, where that is not itself too long a list. */
  private countable({ node, estimate }: Condition): RawBuilder<unknown> | undefined {
    if (isLeaf(node) || estimate <= this.effort.few) return this.sources.selectOf(node);
    return undefined;
  }

  /** Up to one more than `bound`; also that where so many are not distinct. */
  private entries(source: RawBuilder<unknown>, bound: number, isDistinct: boolean): number {
    const count = isDistinct ? sql`count(*)` : sql`iif(count(*) > ${bound}, count(*), count(DISTINCT no))`;
    const query = sql<{ n: number }>`SELECT ${count} AS n FROM (${source} LIMIT ${bound + 1})`;
    return this.db.query(query.compile(build))[0]!.n;
  }

  private tallied(numbers: RawBuilder<unknown>, conditions: Condition[]): TallyRow[] {
    const tests = conditions.map(({ node }) => rowTest(node, sql`c`));
    const where = tests.length > 0 ? sql<SqlBool>`${sql.join(tests, sql` AND `)}` : sql<SqlBool>`1`;
    const query = sql<TallyRow>`
      WITH c AS MATERIALIZED (${numbers})
      SELECT t.state, t.type, t.queue, t.worker, count(*) AS n
      FROM c CROSS JOIN tasks AS t ON t.no = c.no WHERE ${where} GROUP BY 1, 2, 3, 4`;
    return this.db.query(query.compile(build));
  }
}

export function addUp(sums: Map<string, TallyRow>, rows: readonly TallyRow[]): void {
  for (const row of rows) {
    const key = `${row.state} ${row.type} ${row.queue} ${row.worker}`;
    const sum = sums.get(key);
    if (sum) sum.n += row.n;
    else sums.set(key, { ...row });
  }
}
