import type { Moment, PathValue, Query, QueryNode, QueryTerm, Test } from './query-ast.js';
import { isNumber, printDuration } from './query-values.js';

/** Formats a query in one canonical form that parses back to the same query. */
export function printQuery({ filter, sort }: Query): string {
  const parts: string[] = [];
  if (filter) parts.push(sort && filter.kind === 'or' ? `(${printNode(filter)})` : printNode(filter));
  if (sort) parts.push(`sort:${sort.descending ? '-' : ''}${sort.field}`);
  return parts.join(' ');
}

function printNode(node: QueryNode): string {
  switch (node.kind) {
    case 'and':
      return node.nodes
        .map((part) => (part.kind === 'or' ? `(${printNode(part)})` : printNode(part)))
        .join(' ');
    case 'or':
      return node.nodes.map(printNode).join(' OR ');
    case 'not':
      return node.node.kind === 'and' || node.node.kind === 'or'
        ? `-(${printNode(node.node)})`
        : `-${printNode(node.node)}`;
    default:
      return printTerm(node);
  }
}

function printTerm(term: QueryTerm): string {
  switch (term.kind) {
    case 'text':
      return `${term.scope === 'any' ? '' : `${term.scope}:`}${word(term.text)}${term.prefix ? '*' : ''}`;
    case 'state':
      return `state:${term.state}`;
    case 'name':
      return `${term.field}:${term.text === '' ? '' : word(term.text)}${term.prefix ? '*' : ''}`;
    case 'number': {
      const isDuration = term.field === 'wait' || term.field === 'run';
      return `${term.field}:${printTest(term.test, isDuration ? printDuration : String)}`;
    }
    case 'time':
      return `${term.field}:${printTest(term.test, printMoment)}`;
    case 'path': {
      const { test } = term;
      const field = `${term.root}.${term.path}:`;
      if (test.op === 'exists') return `${field}*`;
      if (test.op === 'prefix') return `${field}${word(test.text)}*`;
      // The ends of a range are never quoted.
      return field + printTest<PathValue>(test, test.op === 'range' ? ({ text }) => text : printPathValue);
    }
  }
}

function printTest<Value>(test: Test<Value>, print: (value: Value) => string): string {
  if (test.op === 'range') {
    return `${test.from === undefined ? '' : print(test.from)}..${test.to === undefined ? '' : print(test.to)}`;
  }
  return `${test.op === '=' ? '' : test.op}${print(test.value)}`;
}

function printMoment(moment: Moment): string {
  return moment.kind === 'age' ? printDuration(moment.ms) : moment.text;
}

function printPathValue({ text, number, digits }: PathValue): string {
  if (number !== undefined) return text;
  return digits !== undefined || !isNumber(text) ? word(text) : `"${text}"`;
}

/** Quotes a text that would otherwise parse differently. */
function word(text: string): string {
  const plain = /^[\p{L}\p{N}_][\p{L}\p{N}_./@+-]*$/u.test(text);
  const special = text === 'AND' || text === 'OR' || text === 'NOT' || text.includes('..');
  return plain && !special ? text : `"${text.replaceAll(/[\\"]/g, '\\$&')}"`;
}
