import { RoostError, type FieldProblem } from '../model/errors.js';
import { nearName } from '../model/near-name.js';
import type { Redaction } from '../platform/redaction/redaction.js';
import { TASK_STATES, type TaskState } from '../model/states.js';
import { parseQuery } from '../history/query/parse-query.js';
import { printQuery } from '../history/query/print-query.js';
import {
  SORT_FIELDS,
  type NameTerm,
  type Query,
  type QueryNode,
  type Sort,
  type TimeTerm,
} from '../history/query/query-ast.js';
import { QuerySyntaxError } from '../history/query/query-syntax-error.js';
import { parseDate, parseDuration } from '../history/query/query-values.js';
import { joinAll, conjuncts } from './query-edit.js';

export const SEARCH_PARAMS = ['q', 'state', 'type', 'queue', 'worker', 'tag', 'from', 'to', 'sort'] as const;

/** Search parameters of a list, an export or a bulk action, as strings of a URL. */
export type SearchParams = { [Name in (typeof SEARCH_PARAMS)[number]]?: string };

export interface ParsedSearch {
  query: Query;
  filter: QueryNode | null;
  /** All conditions in the query language, normalized. As `q` it finds the same tasks. */
  text: string;
}

const NAMES = ['type', 'queue', 'worker', 'tag'] as const satisfies readonly NameTerm['field'][];

/**
 * Converts parameters to a query; they are joined by AND. The only place that does this.
 * @throws RoostError QUERY_INVALID with every problem at once; one in `q` has its `column`, counted from 1.
 */
export function parseSearch(params: SearchParams, redaction: Redaction): ParsedSearch {
  const problems: FieldProblem[] = [];
  let place: Record<string, unknown> | undefined;
  const read = <Value>(path: keyof SearchParams, reader: (text: string) => Value): Value | undefined => {
    const text = params[path]?.trim();
    if (!text) return undefined;
    try {
      return reader(text);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      problems.push({ path, message: error.message });
      if (error instanceof QuerySyntaxError)
        place = { column: error.column, from: error.from, to: error.to, problem: error.problem };
      return undefined;
    }
  };

  const hiddenIn = (node: QueryNode): string[] => {
    if (node.kind === 'and' || node.kind === 'or') return node.nodes.flatMap(hiddenIn);
    if (node.kind === 'not') return hiddenIn(node.node);
    const path = node.kind === 'path' ? `${node.root}.${node.path}` : '';
    return path && redaction.covers(path) ? [path] : [];
  };

  // Not trimmed: a reported column refers to the text as received.
  const query = readQuery(params.q ?? '', read);
  const nodes: QueryNode[] = query ? conjuncts(query.filter) : [];
  for (const path of nodes.flatMap(hiddenIn))
    problems.push({
      path: 'q',
      message: `${path} is hidden by a REDACT rule and cannot be searched; remove the condition`,
    });
  const states = read('state', statesOf);
  if (states) nodes.push(states);
  for (const field of NAMES) {
    const term = read(field, (text) => nameTerm(field, text));
    if (term) nodes.push(term);
  }
  for (const side of ['from', 'to'] as const) {
    const term = read(side, (text) => creationTimeTerm(side, text));
    if (term) nodes.push(term);
  }
  const sort = read('sort', sortOf);
  if (sort && query?.sort)
    problems.push({ path: 'sort', message: 'q contains a sort: already; leave one of them out' });

  if (problems.length > 0) {
    const detail = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new RoostError('QUERY_INVALID', detail, problems, place);
  }
  const whole: Query = { filter: joinAll(nodes), sort: sort ?? query?.sort ?? null };
  return { query: whole, filter: whole.filter, text: printQuery(whole) };
}

function readQuery(
  q: string,
  read: <Value>(path: 'q', reader: () => Value) => Value | undefined,
): Query | undefined {
  return q.trim() === '' ? { filter: null, sort: null } : read('q', () => parseQuery(q));
}

function statesOf(text: string): QueryNode {
  const states = text.split(',').map((word) => word.trim().toLowerCase());
  for (const state of states) {
    if ((TASK_STATES as readonly string[]).includes(state)) continue;
    const near = nearName(state, TASK_STATES);
    const cure = near ? `. Did you mean ${near}?` : '';
    throw new Error(`must be some of: ${TASK_STATES.join(', ')}; separated by commas${cure}`);
  }
  return anyState(states as TaskState[])!;
}

export function anyState(states: readonly TaskState[]): QueryNode | undefined {
  const terms = [...new Set(states)].map((state): QueryNode => ({ kind: 'state', state }));
  return terms.length > 1 ? { kind: 'or', nodes: terms } : terms[0];
}

/** Creates a term on a name. As in the query language, a trailing `*` matches a prefix. */
function nameTerm(field: NameTerm['field'], text: string): NameTerm {
  if (text.length > 200) throw new Error('must be at most 200 characters long');
  const prefix = text.endsWith('*');
  return { kind: 'name', field, text: prefix ? text.slice(0, -1) : text, prefix };
}

/** Creates a term on the creation time: `from=1h` is the last hour, `to=1h` the time before it. */
function creationTimeTerm(side: 'from' | 'to', text: string): TimeTerm {
  const age = parseDuration(text);
  if (age !== undefined) {
    const op = side === 'from' ? '<' : '>';
    return { kind: 'time', field: 'created', test: { op, value: { kind: 'age', ms: age } } };
  }
  const date = parseDate(text);
  if (!date) {
    throw new Error('must be a date such as 2026-11-22 or 2026-11-22T10:30Z, or an age such as 1h or 7d');
  }
  return { kind: 'time', field: 'created', test: { op: side === 'from' ? '>=' : '<=', value: date } };
}

function sortOf(text: string): Sort {
  const name = text.replace(/^[-+]/, '').toLowerCase();
  const field = SORT_FIELDS.find((one) => one === name);
  if (field) return { field, descending: text.startsWith('-') };
  throw new Error(`must be one of ${SORT_FIELDS.join(', ')}, with a - before it for the greatest first`);
}
