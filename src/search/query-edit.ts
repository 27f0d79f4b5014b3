import type { TaskState } from '../model/states.js';
import { printQuery } from '../history/query/print-query.js';
import type {
  NameField,
  NameTerm,
  Query,
  QueryNode,
  StateTerm,
  TimeTerm,
} from '../history/query/query-ast.js';

/* Reads and changes single conditions of a query, for the chips, selects and links beside its text. */

/** Lists the conditions of a filter that are joined by AND. */
export function conjuncts(filter: QueryNode | null): QueryNode[] {
  if (filter === null) return [];
  return filter.kind === 'and' ? [...filter.nodes] : [filter];
}

export function joinAll(nodes: readonly QueryNode[]): QueryNode | null {
  const flat = nodes.flatMap((node) => (node.kind === 'and' ? node.nodes : [node]));
  return flat.length > 1 ? { kind: 'and', nodes: flat } : (flat[0] ?? null);
}

export function printNode(node: QueryNode): string {
  return printQuery({ filter: node, sort: null });
}

/** Returns the query without the nodes that match `isUnwanted`. Puts `instead` in the place of the first, or at the end. */
export function replaced(query: Query, isUnwanted: (node: QueryNode) => boolean, instead?: QueryNode): Query {
  const nodes = conjuncts(query.filter);
  const at = nodes.findIndex(isUnwanted);
  const remaining: QueryNode[] = [];
  nodes.forEach((node, i) => {
    if (i === at && instead) remaining.push(instead);
    else if (!isUnwanted(node)) remaining.push(node);
  });
  if (at < 0 && instead) remaining.push(instead);
  return { ...query, filter: joinAll(remaining) };
}

/** Returns whether the node is a condition on the state only. */
export function isStateChoice(node: QueryNode): boolean {
  return node.kind === 'state' || (node.kind === 'or' && node.nodes.every(({ kind }) => kind === 'state'));
}

/** Lists the states that a query names; empty where it does not restrict them. */
export function statesIn(query: Query): TaskState[] {
  const choice = conjuncts(query.filter).find(isStateChoice);
  if (!choice) return [];
  return choice.kind === 'or'
    ? choice.nodes.map((node) => (node as StateTerm).state)
    : [(choice as StateTerm).state];
}

export function isName(field: NameField): (node: QueryNode) => node is NameTerm {
  return (node): node is NameTerm => node.kind === 'name' && node.field === field;
}

/** Returns the value of a field in query syntax, where the query contains exactly one. */
export function nameIn(query: Query, field: NameField): string | undefined {
  const found = conjuncts(query.filter).filter(isName(field));
  return found.length === 1 ? found[0]!.text + (found[0]!.prefix ? '*' : '') : undefined;
}

export function isCreated(node: QueryNode): node is TimeTerm {
  return node.kind === 'time' && node.field === 'created';
}

/** Returns the period of the query's only `created` condition: `1h` for the last hour. */
export function periodIn(query: Query): string | undefined {
  const found = conjuncts(query.filter).filter(isCreated);
  if (found.length !== 1) return undefined;
  const { test } = found[0]!;
  if (test.op === '<' && test.value.kind === 'age') return printNode(found[0]!).slice('created:<'.length);
  return printNode(found[0]!).slice('created:'.length);
}
