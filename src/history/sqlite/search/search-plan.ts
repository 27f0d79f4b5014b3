import { TASK_STATES } from '../../../model/states.js';
import type {
  Moment,
  NameTerm,
  NumberField,
  NumberTerm,
  PathTerm,
  QueryNode,
  QueryTerm,
  Test,
  TextTerm,
  TimeTerm,
} from '../../query/query-ast.js';
import { stateCode } from '../../recording/rules/codes.js';
import { foldValue } from '../../recording/rules/indexed-values.js';
import { rangeTest, valueTest, type Comparison, type ValueTest } from './value-test.js';
import { mayBeOwnId } from '../own-ids.js';
import { CODE_PATH, TAG_PATH } from '../../recording/rules/task-merge.js';
import { afterPrefix } from '../dictionary.js';
import { WORD, type WordKind } from '../../recording/rules/names.js';

/**
 * A query in terms of the tables: names are numbers, ages are times, and words are one expression of the text index.
 */
export type PlanNode =
  | { kind: 'and'; nodes: PlanNode[] }
  | { kind: 'or'; nodes: PlanNode[] }
  | { kind: 'not'; node: PlanNode }
  | PlanLeaf;

export type PlanLeaf =
  | { kind: 'none' }
  | { kind: 'word'; column: WordColumn; ids: number[] }
  /** Expression in the query language of FTS5. */
  | { kind: 'match'; match: string }
  | { kind: 'fact'; path: number; test: ValueTest }
  | { kind: 'column'; column: TestedColumn; test: ValueTest }
  /** ms; `to` is exclusive. */
  | { kind: 'created'; from?: number; to?: number };

export type WordColumn = 'state' | 'type' | 'queue' | 'worker' | 'error_group';
export type TestedColumn = 'attempts_made' | 'priority' | 'wait_ms' | 'run_ms' | 'finished' | 'id' | 'origin';

export interface PlanContext {
  /** Reference time of ages, ms. */
  now: number;
  words: {
    match(kind: WordKind, text: string, prefix: boolean): number[];
    find(kind: WordKind, text: string): number | undefined;
  };
  /** Whether any task has this id, or an id with this prefix. */
  hasId(id: string, isPrefix: boolean): boolean;
  /** Whether any task has this value at this path. */
  hasFact(path: number, value: number | string): boolean;
  /** Whether the path has a number that no double represents exactly. */
  hasNumberKeys(path: number): boolean;
  /** Numbers of the error groups with this fingerprint or prefix. */
  errorGroups(fingerprint: string, prefix: boolean): number[];
}

export function toPlan(node: QueryNode, context: PlanContext): PlanNode {
  switch (node.kind) {
    case 'and':
      return joinAnd(node.nodes.map((part) => toPlan(part, context)));
    case 'or':
      return joinOr(node.nodes.map((part) => toPlan(part, context)));
    case 'not':
      return negate(toPlan(node.node, context));
    default:
      return termPlan(node, context);
  }
}

function termPlan(term: QueryTerm, context: PlanContext): PlanNode {
  switch (term.kind) {
    case 'text':
      return textPlan(term, context);
    case 'state':
      return { kind: 'word', column: 'state', ids: [stateCode(term.state)] };
    case 'name':
      return namePlan(term, context);
    case 'number':
      return { kind: 'column', column: COLUMNS[term.field], test: numberTest(term) };
    case 'time':
      return timePlan(term, context.now);
    case 'path':
      return pathPlan(term, context);
  }
}

function textPlan(term: TextTerm, { hasId }: PlanContext): PlanNode {
  const match: PlanNode = { kind: 'match', match: matchOf(term) };
  const id = term.text.toLowerCase();
  if (term.scope !== 'any' || !mayBeOwnId(id, term.prefix) || !hasId(id, term.prefix)) return match;
  const test: ValueTest = term.prefix ? prefixTest(id) : [[['=', id]]];
  return { kind: 'or', nodes: [match, { kind: 'column', column: 'id', test }] };
}

/** Always quotes the text, so that it contains no operators of FTS5. */
function matchOf({ scope, text, prefix }: TextTerm): string {
  const phrase = `"${text.replaceAll('"', '""')}"${prefix ? ' *' : ''}`;
  return scope === 'any' ? phrase : `{${scope}} : ${phrase}`;
}

function namePlan({ field, text, prefix }: NameTerm, { words, errorGroups }: PlanContext): PlanNode {
  switch (field) {
    case 'type':
    case 'queue':
    case 'worker':
      return wordPlan(field, words.match(WORD[field], text, prefix));
    case 'group':
      return wordPlan('error_group', errorGroups(text.toLowerCase(), prefix));
    case 'tag':
    case 'error.code':
      return factPlan(
        words.find(WORD.path, field === 'tag' ? TAG_PATH : CODE_PATH),
        prefix ? prefixTest(foldValue(text)) : [[['=', foldValue(text)]]],
      );
    case 'id':
    case 'origin': {
      const lower = text.toLowerCase();
      const exact: ValueTest = lower === text ? [[['=', text]]] : [[['=', text]], [['=', lower]]];
      return { kind: 'column', column: field, test: prefix ? prefixTest(text) : exact };
    }
  }
}

function wordPlan(column: WordColumn, ids: number[]): PlanNode {
  return ids.length === 0 ? { kind: 'none' } : { kind: 'word', column, ids };
}

const COLUMNS: Record<NumberField, TestedColumn> = {
  attempts: 'attempts_made',
  priority: 'priority',
  wait: 'wait_ms',
  run: 'run_ms',
};

function numberTest({ test }: NumberTerm): ValueTest {
  if (test.op !== 'range') return [[[test.op, test.value]]];
  return [
    [
      ...(test.from === undefined ? [] : [['>=', test.from] as Comparison]),
      ...(test.to === undefined ? [] : [['<=', test.to] as Comparison]),
    ],
  ];
}

function timePlan({ field, test }: TimeTerm, now: number): PlanNode {
  const { from, to } = interval(test, now);
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  if (field === 'created') return { kind: 'created', ...range };
  const test_: Comparison[] = [];
  if (from !== undefined) test_.push(['>=', from]);
  if (to !== undefined) test_.push(['<', to]);
  return { kind: 'column', column: 'finished', test: [test_] };
}

/** Converts a test to an interval [from, to), since times are whole milliseconds. */
function interval(test: Test<Moment>, now: number): { from?: number | undefined; to?: number | undefined } {
  if (test.op === 'range') {
    const [from, to] = [test.from, test.to];
    // The greater age is the earlier time: 1h..2h means between one and two hours old.
    const earliest = [from, to].map((moment) => (moment?.kind === 'age' ? undefined : moment));
    const result: { from?: number | undefined; to?: number | undefined } = {
      from: earliest[0]?.from,
      to: earliest[1]?.to,
    };
    if (from?.kind === 'age') result.to = Math.min(result.to ?? Infinity, now - from.ms + 1);
    if (to?.kind === 'age') result.from = Math.max(result.from ?? -Infinity, now - to.ms);
    return result;
  }
  const { op, value } = test;
  if (value.kind === 'age') {
    const at = now - value.ms;
    if (op === '<') return { from: at + 1 };
    if (op === '<=') return { from: at };
    return op === '>' ? { to: at } : { to: at + 1 };
  }
  if (op === '=') return { from: value.from, to: value.to };
  if (op === '<' || op === '<=') return { to: op === '<' ? value.from : value.to };
  return { from: op === '>' ? value.to : value.from };
}

function pathPlan({ root, path, test }: PathTerm, { words, hasFact, hasNumberKeys }: PlanContext): PlanNode {
  const id = words.find(WORD.path, `${root}.${path}`);
  if (test.op === '=' && id !== undefined) {
    // Usually 42 occurs as a number or as text, not as both; the tasks of a single value are already in order.
    const values = valueTest('=', test.value, true).filter(([comparison]) => hasFact(id, comparison![1]));
    return values.length === 0 ? { kind: 'none' } : { kind: 'fact', path: id, test: values };
  }
  if (test.op === 'exists') return factPlan(id, [[]]);
  if (test.op === 'prefix') return factPlan(id, prefixTest(foldValue(test.text)));
  const hasKeys = id !== undefined && hasNumberKeys(id);
  return factPlan(
    id,
    test.op === 'range' ? rangeTest(test.from, test.to, hasKeys) : valueTest(test.op, test.value, hasKeys),
  );
}

function factPlan(path: number | undefined, test: ValueTest): PlanNode {
  return path === undefined ? { kind: 'none' } : { kind: 'fact', path, test };
}

function prefixTest(text: string): ValueTest {
  return text === ''
    ? [[]]
    : [
        [
          ['>=', text],
          ['<', afterPrefix(text)],
        ],
      ];
}

function joinAnd(nodes: PlanNode[]): PlanNode {
  if (nodes.some(({ kind }) => kind === 'none')) return { kind: 'none' };
  const matches = nodes.flatMap((node) => (node.kind === 'match' ? [node.match] : []));
  const refused = nodes.flatMap((node) =>
    node.kind === 'not' && node.node.kind === 'match' ? [node.node.match] : [],
  );
  if (matches.length + refused.length < 2) return nodes.length === 1 ? nodes[0]! : { kind: 'and', nodes };
  const others = nodes.filter(
    (node) => node.kind !== 'match' && !(node.kind === 'not' && node.node.kind === 'match'),
  );
  const joined = joinMatches(matches, refused);
  return others.length === 0 ? joined : { kind: 'and', nodes: [joined, ...others] };
}

/** The text index evaluates one expression faster than several. */
function joinMatches(wanted: string[], refused: string[]): PlanNode {
  const without = refused.map((match) => `(${match})`).join(' OR ');
  if (wanted.length === 0) return { kind: 'not', node: { kind: 'match', match: without } };
  const all = wanted.map((match) => `(${match})`).join(' AND ');
  return { kind: 'match', match: refused.length > 0 ? `(${all}) NOT (${without})` : all };
}

function joinOr(nodes: PlanNode[]): PlanNode {
  const joined: PlanNode[] = [];
  for (const node of nodes) {
    const like = joined.find((other) => canJoin(other, node));
    if (node.kind === 'none') continue;
    // Appends without nesting: FTS5's parser is not made for depth. OR has the lowest precedence there too.
    if (like?.kind === 'match' && node.kind === 'match') like.match = `${like.match} OR (${node.match})`;
    else if (like?.kind === 'word' && node.kind === 'word')
      like.ids = [...new Set([...like.ids, ...node.ids])];
    else joined.push({ ...node });
  }
  if (joined.length === 0) return { kind: 'none' };
  return joined.length === 1 ? joined[0]! : { kind: 'or', nodes: joined };
}

function canJoin(a: PlanNode, b: PlanNode): boolean {
  if (a.kind === 'match') return b.kind === 'match';
  return a.kind === 'word' && b.kind === 'word' && a.column === b.column;
}

/** Lists all other states, so that `-state:completed` uses an index as well. */
function negate(node: PlanNode): PlanNode {
  if (node.kind !== 'word' || node.column !== 'state') return { kind: 'not', node };
  return wordPlan(
    'state',
    TASK_STATES.map(stateCode).filter((code) => !node.ids.includes(code)),
  );
}
