import type { TaskState } from '../contract/states.js';
import { printQuery } from '../history/query/print-query.js';
import type {
  NameField,
  NameTerm,
  Query,
  QueryNode,
  StateTerm,
  TimeTerm,
} from '../history/query/query-ast.js';

/* Reading and changing single conditions of a query, for chips, selects and links that stand beside its text. */

/** The conditions that all have to hold. */
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

/** The query without what `isUnwanted`, and with another condition in its place or at the end. */
export function replaced(query: Query, isUnwanted: (node: QueryNode) => boolean, instead?: QueryNode): Query {
  const nodes = conjuncts(query.filter);
  const at = nodes.findIndex(isUnwanted);
  const kept: QueryNode[] = [];
  nodes.forEach((node, i) => {
    if (i === at && instead) kept.push(instead);
    else if (!isUnwanted(node)) kept.push(node);
  });
  if (at < 0 && instead) kept.push(instead);
  return { ...query, filter: joinAll(kept) };
}

/** A condition on the state and nothing else. */
export function isStateChoice(node: QueryNode): boolean {
  return node.kind === 'state' || (node.kind === 'or' && node.nodes.every(({ kind }) => kind === 'state'));
}

/** The states a query allows by name; none where it leaves them open. */
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

/** The value of a field as it would be written, where the query asks for exactly one. */
export function nameIn(query: Query, field: NameField): string | undefined {
  const found = conjuncts(query.filter).filter(isName(field));
  return found.length === 1 ? found[0]!.text + (found[0]!.prefix ? '*' : '') : undefined;
}

export function isCreated(node: QueryNode): node is TimeTerm {
  return node.kind === 'time' && node.field === 'created';
}

/** `1h` where the query asks for the last hour. */
export function periodIn(query: Query): string | undefined {
  const found = conjuncts(query.filter).filter(isCreated);
  if (found.length !== 1) return undefined;
  const { test } = found[0]!;
  if (test.op === '<' && test.value.kind === 'age') return printNode(found[0]!).slice('created:<'.length);
  return printNode(found[0]!).slice('created:'.length);
}
