import type { RawBuilder, SqlBool } from 'kysely';
import { sql } from '../kysely.js';
import { endNumber, firstNumber } from '../task-numbers.js';
import type { PlanLeaf, PlanNode } from './search-plan.js';
import type { ValueTest } from './value-test.js';

/** Longer lists are bound as one JSON list: SQLite accepts at most 32,766 values. */
const MAX_LISTED = 50;

/**
 * Builds the test whether the row `t` of `tasks` matches. Never NULL, so that NOT works. `among` is a table with the
 * `no` of at least all rows tested: a text search then reads its index only between the first and the last of them.
 * Testing the text index row by row would cost a hundred times as much.
 */
export function rowTest(node: PlanNode, among?: RawBuilder<unknown>): RawBuilder<SqlBool> {
  switch (node.kind) {
    case 'and':
    case 'or': {
      const tests = node.nodes.map((part) => rowTest(part, among));
      return sql<SqlBool>`(${sql.join(tests, node.kind === 'and' ? sql` AND ` : sql` OR `)})`;
    }
    case 'not':
      return sql<SqlBool>`NOT ${rowTest(node.node, among)}`;
    case 'none':
      return sql<SqlBool>`0`;
    case 'word':
      return sql<SqlBool>`(${isOneOf(sql.ref(`t.${node.column}`), node.ids)} AND t.${sql.ref(node.column)} IS NOT NULL)`;
    case 'match': {
      const range = among
        ? sql` AND rowid BETWEEN (SELECT min(no) FROM ${among}) AND (SELECT max(no) FROM ${among})`
        : sql``;
      return sql<SqlBool>`(+t.no IN (SELECT rowid FROM search WHERE search MATCH ${node.match}${range}))`;
    }
    case 'fact':
      return factTest(node);
    case 'column': {
      const column = sql.ref(`t.${node.column}`);
      return sql<SqlBool>`(${column} IS NOT NULL AND ${valueTest(column, node.test)})`;
    }
    case 'created': {
      const column = sql.ref('t.created');
      return sql<SqlBool>`(${bounds(column, node.from, node.to)})`;
    }
  }
}

/** Looks up equal values by the whole key of the index; compares others with the facts of the row. */
function factTest({ path, test }: PlanLeaf & { kind: 'fact' }): RawBuilder<SqlBool> {
  const values = test.map((comparisons) =>
    comparisons.length === 1 && comparisons[0]![0] === '=' ? comparisons[0]![1] : undefined,
  );
  if (!values.includes(undefined)) {
    const tests = values.map(
      (value) => sql`EXISTS (SELECT 1 FROM facts WHERE path = ${path} AND value = ${value} AND task = t.no)`,
    );
    return sql<SqlBool>`(${sql.join(tests, sql` OR `)})`;
  }
  // JSON has large numbers as integers; the index and the query have them as doubles.
  const value = sql`iif(typeof(f.value ->> 1) = 'integer', CAST(f.value ->> 1 AS REAL), f.value ->> 1)`;
  return sql<SqlBool>`EXISTS (SELECT 1 FROM json_each(t.facts) AS f WHERE f.value ->> 0 = ${path} AND ${valueTest(value, test)})`;
}

export interface Source {
  /** `SELECT ... AS no`: numbers of exactly the tasks of the leaf. */
  select: RawBuilder<unknown>;
  /** Returns rows in the order of their numbers, so the newest are read without the others. */
  ordered: boolean;
  /** Never returns the same number twice. */
  distinct: boolean;
}

/** Selects the numbers of a leaf's tasks from an index alone; undefined when no index applies. */
export function sourceOf(leaf: PlanLeaf): Source | undefined {
  switch (leaf.kind) {
    case 'none':
      return { select: sql`SELECT no FROM tasks WHERE 0`, ordered: true, distinct: true };
    case 'word': {
      const column = sql.ref(leaf.column);
      const extra = leaf.column === 'worker' ? sql` AND worker <> 0` : sql``;
      const select = sql`SELECT no FROM tasks INDEXED BY ${sql.ref(`tasks_${leaf.column}`)} WHERE ${isOneOf(column, leaf.ids)}${extra}`;
      return { select, ordered: leaf.ids.length === 1, distinct: true };
    }
    case 'match':
      return {
        select: sql`SELECT rowid AS no FROM search WHERE search MATCH ${leaf.match}`,
        ordered: true,
        distinct: true,
      };
    case 'fact': {
      const select = sql`SELECT task AS no FROM facts WHERE path = ${leaf.path} AND ${valueTest(sql.ref('value'), leaf.test)}`;
      const equal = leaf.test.length === 1 && leaf.test[0]!.length === 1 && leaf.test[0]![0]![0] === '=';
      return { select, ordered: equal, distinct: equal };
    }
    case 'column': {
      if (leaf.column === 'priority' && !isAboveZero(leaf.test)) return undefined;
      const column = sql.ref(leaf.column);
      const extra = leaf.column === 'priority' ? sql` AND priority > 0` : sql``;
      const select = sql`SELECT no FROM tasks INDEXED BY ${sql.ref(INDEXES[leaf.column])} WHERE ${column} IS NOT NULL AND ${valueTest(column, leaf.test)}${extra}`;
      return { select, ordered: false, distinct: true };
    }
    case 'created': {
      const numbers = [
        ...(leaf.from === undefined ? [] : [sql`no >= ${firstNumber(leaf.from)}`]),
        ...(leaf.to === undefined ? [] : [sql`no < ${endNumber(leaf.to)}`]),
      ];
      const where = sql.join([...numbers, bounds(sql.ref('created'), leaf.from, leaf.to)], sql` AND `);
      return { select: sql`SELECT no FROM tasks NOT INDEXED WHERE ${where}`, ordered: true, distinct: true };
    }
  }
}

const INDEXES = {
  attempts_made: 'tasks_attempts',
  priority: 'tasks_priority',
  wait_ms: 'tasks_wait',
  run_ms: 'tasks_run',
  finished: 'tasks_finished',
  id: 'tasks_id',
  origin: 'tasks_origin',
} as const;

export function isOneOf(column: RawBuilder<unknown>, ids: number[]): RawBuilder<SqlBool> {
  if (ids.length === 1) return sql<SqlBool>`${column} = ${ids[0]}`;
  if (ids.length <= MAX_LISTED) return sql<SqlBool>`${column} IN (${sql.join(ids)})`;
  return sql<SqlBool>`${column} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;
}

function valueTest(value: RawBuilder<unknown>, test: ValueTest): RawBuilder<SqlBool> {
  const all = test.map((comparisons) =>
    comparisons.length === 0
      ? sql`1`
      : sql.join(
          comparisons.map(([operator, bound]) => sql`${value} ${sql.raw(operator)} ${bound}`),
          sql` AND `,
        ),
  );
  return all.length === 1
    ? sql<SqlBool>`${all[0]!}`
    : sql<SqlBool>`(${sql.join(
        all.map((part) => sql`(${part})`),
        sql` OR `,
      )})`;
}

function bounds(
  column: RawBuilder<unknown>,
  from: number | undefined,
  to: number | undefined,
): RawBuilder<unknown> {
  if (from !== undefined && to !== undefined) return sql`${column} >= ${from} AND ${column} < ${to}`;
  if (from !== undefined) return sql`${column} >= ${from}`;
  return to === undefined ? sql`1` : sql`${column} < ${to}`;
}

/** The index of priorities omits tasks without one. */
function isAboveZero(test: ValueTest): boolean {
  return test.every((comparisons) =>
    comparisons.some(
      ([operator, value]) =>
        typeof value === 'number' &&
        (operator === '>' ? value >= 0 : (operator === '=' || operator === '>=') && value > 0),
    ),
  );
}
