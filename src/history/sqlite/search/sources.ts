import type { RawBuilder } from 'kysely';
import { sql } from '../kysely.js';
import { build } from '../builder.js';
import type { SqliteDatabase } from '../database.js';
import { isCountedByState } from '../state-count-test.js';
import { isOneOf, rowTest, sourceOf } from './plan-sql.js';
import type { PlanLeaf, PlanNode } from './search-plan.js';

/** One of the conditions that a task must meet. */
export interface Condition {
  node: PlanNode;
  /** At most slightly more than `few` for each leaf; Infinity when only reading rows can answer. */
  estimate: number;
}

/** Maximum common parts of an OR; with more of them, reading rows is cheaper than reading all their indexes. */
const MAX_COMMON_PARTS = 4;

/** Index statistics and selects for the parts of one plan. */
export class Sources {
  private readonly estimates = new Map<PlanNode, number>();

  constructor(
    private readonly db: SqliteDatabase,
    private readonly few: number,
  ) {}

  /** Rarest first. */
  conditionsOf(plan: PlanNode | undefined): Condition[] {
    const nodes = plan === undefined ? [] : plan.kind === 'and' ? plan.nodes : [plan];
    return nodes
      .map((node) => ({ node, estimate: this.estimate(node) }))
      .sort((a, b) => a.estimate - b.estimate);
  }

  /** Selects a superset of a node's tasks if its estimate is finite; exactly its tasks for a leaf. */
  selectOf(node: PlanNode): RawBuilder<unknown> | undefined {
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

  /** Whether reading all entries of its indexes is worthwhile. */
  isIntersectable(node: PlanNode): boolean {
    if (this.estimate(node) === Infinity) return false;
    if (node.kind !== 'or') return true;
    return node.nodes.filter((part) => this.estimate(part) > this.few).length <= MAX_COMMON_PARTS;
  }

  /**
   * Returns the rarest condition whose tasks come in the order of their numbers. Among equally common ones prefers
   * the text, which is expensive to test.
   */
  orderedDriver(conditions: Condition[]): { condition: Condition; select: RawBuilder<unknown> } | undefined {
    let driver: Condition | undefined;
    for (const condition of conditions) {
      const { node, estimate } = condition;
      if (!isLeaf(node) || !sourceOf(node)?.ordered) continue;
      const isRarer = !driver || estimate < driver.estimate;
      if (isRarer || (estimate === driver!.estimate && node.kind === 'match')) driver = condition;
    }
    return driver && { condition: driver, select: sourceOf(driver.node as PlanLeaf)!.select };
  }

  /** Estimates the number of tasks; counts up to `few` + 1 for each leaf. */
  estimate(node: PlanNode): number {
    const known = this.estimates.get(node);
    if (known !== undefined) return known;
    const estimate = this.count(node);
    this.estimates.set(node, estimate);
    return estimate;
  }

  private count(node: PlanNode): number {
    if (node.kind === 'or') return node.nodes.reduce((sum, part) => sum + this.estimate(part), 0);
    if (node.kind === 'and') return Math.min(...node.nodes.map((part) => this.estimate(part)));
    if (node.kind === 'not') return Infinity;
    const source = sourceOf(node);
    if (!source) return Infinity;
    if (isCountedByState(node)) return Math.min(this.few + 1, this.tallied(node));
    const query = sql<{ n: number }>`SELECT count(*) AS n FROM (${source.select} LIMIT ${this.few + 1})`;
    return this.db.query(query.compile(build))[0]!.n;
  }

  /** Reads the counts of all tasks by state, type, queue and worker instead of an index. */
  private tallied(node: PlanLeaf): number {
    if (node.kind !== 'word') return 0;
    const query = sql<{
      n: number;
    }>`SELECT coalesce(sum(n), 0) AS n FROM tallies WHERE ${isOneOf(sql.ref(node.column), node.ids)}`;
    return this.db.query(query.compile(build))[0]!.n;
  }
}

export function isLeaf(node: PlanNode): node is PlanLeaf {
  return node.kind !== 'and' && node.kind !== 'or' && node.kind !== 'not';
}

export function hasMatch(node: PlanNode): boolean {
  if (node.kind === 'and' || node.kind === 'or') return node.nodes.some(hasMatch);
  return node.kind === 'not' ? hasMatch(node.node) : node.kind === 'match';
}
