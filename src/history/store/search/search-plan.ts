import { TASK_STATES } from '../../../contract/states.js';
import type {
  Moment,
  NameTerm,
  NumberField,
  NumberTerm,
  PathTerm,
  PathValue,
  QueryNode,
  QueryTerm,
  Test,
  TextTerm,
  TimeTerm,
} from '../../query/query-ast.js';
import { stateCode } from '../codes.js';
import { foldValue } from '../indexed-values.js';
import { mayBeOwnId } from '../own-ids.js';
import { TAG_PATH } from '../task-merge.js';
import { afterPrefix, WORD, type WordKind } from '../words.js';

/** A query in terms of the tables: names have become numbers, ages times, and words one expression of the text index. */
export type PlanNode =
  | { kind: 'and'; nodes: PlanNode[] }
  | { kind: 'or'; nodes: PlanNode[] }
  | { kind: 'not'; node: PlanNode }
  | PlanLeaf;

export type PlanLeaf =
  | { kind: 'none' }
  | { kind: 'word'; column: WordColumn; ids: number[] }
  /** Of FTS5's own language. */
  | { kind: 'match'; match: string }
  | { kind: 'fact'; path: number; test: ValueTest }
  | { kind: 'column'; column: TestedColumn; test: ValueTest }
  /** Milliseconds; `to` is excluded. */
  | { kind: 'created'; from?: number; to?: number };

export type WordColumn = 'state' | 'type' | 'queue' | 'worker' | 'error_group';
export type TestedColumn = 'attempts_made' | 'priority' | 'wait_ms' | 'run_ms' | 'finished' | 'id' | 'origin';
export type Comparison = [operator: '=' | '<' | '<=' | '>' | '>=', value: number | string];
/** Any of these lists, all of what stands in it; an empty list asks only for a value. */
export type ValueTest = Comparison[][];

export interface PlanContext {
  /** ms; ages are counted back from it. */
  now: number;
  words: {
    match(kind: WordKind, text: string, prefix: boolean): number[];
    find(kind: WordKind, text: string): number | undefined;
  };
  /** Whether any task has this id, or one that begins so. */
  hasId(id: string, isPrefix: boolean): boolean;
  /** Whether any task has this value at this path. */
  hasFact(path: number, value: number | string): boolean;
  /** Numbers of the error groups with this fingerprint, or beginning with it. */
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

/** Always quoted, so that nothing in it is an operator of FTS5. */
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
      return factPlan(
        words.find(WORD.path, TAG_PATH),
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

/** Times are whole milliseconds, so every test is an interval that holds its beginning and not its end. */
function interval(test: Test<Moment>, now: number): { from?: number | undefined; to?: number | undefined } {
  if (test.op === 'range') {
    const [from, to] = [test.from, test.to];
    // The greater age is the earlier time: 1h..2h is what is between one and two hours old.
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

function pathPlan({ root, path, test }: PathTerm, { words, hasFact }: PlanContext): PlanNode {
  const id = words.find(WORD.path, `${root}.${path}`);
  if (test.op === '=' && id !== undefined) {
    // Most often 42 is there as number or as text, not as both; one value alone has its tasks in order.
    const values = valueTest('=', test.value).filter(([comparison]) => hasFact(id, comparison![1]));
    return values.length === 0 ? { kind: 'none' } : { kind: 'fact', path: id, test: values };
  }
  if (test.op === 'exists') return factPlan(id, [[]]);
  if (test.op === 'prefix') return factPlan(id, prefixTest(foldValue(test.text)));
  return factPlan(id, test.op === 'range' ? [rangeTest(test.from, test.to)] : valueTest(test.op, test.value));
}

function factPlan(path: number | undefined, test: ValueTest): PlanNode {
  return path === undefined ? { kind: 'none' } : { kind: 'fact', path, test };
}

/**
 * In the index numbers come before text, so a comparison of numbers that has no end of its own ends before the empty
 * text, where one of texts begins. No more bounds than two: SQLite reads the index between the first it finds.
 */
function valueTest(op: Comparison[0], { text, number }: PathValue): ValueTest {
  const folded = foldValue(text);
  if (op === '=') return number === undefined ? [[['=', folded]]] : [[['=', number]], [['=', folded]]];
  const isUpper = op === '<' || op === '<=';
  if (number !== undefined) return [isUpper ? [[op, number]] : [[op, number], BEFORE_TEXT]];
  return [isUpper ? [[op, folded], FROM_TEXT] : [[op, folded]]];
}

const BEFORE_TEXT: Comparison = ['<', ''];
const FROM_TEXT: Comparison = ['>=', ''];

function rangeTest(from: PathValue | undefined, to: PathValue | undefined): Comparison[] {
  const numeric =
    (from === undefined || from.number !== undefined) && (to === undefined || to.number !== undefined);
  const valueOf = (value: PathValue) => (numeric ? value.number! : foldValue(value.text));
  const comparisons: Comparison[] = [];
  if (from) comparisons.push(['>=', valueOf(from)]);
  else if (!numeric) comparisons.push(FROM_TEXT);
  if (to) comparisons.push(['<=', valueOf(to)]);
  else if (numeric) comparisons.push(BEFORE_TEXT);
  return comparisons;
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

/** The text index answers one expression faster than several. */
function joinMatches(wanted: string[], refused: string[]): PlanNode {
  const without = refused.map((match) => `(${match})`).join(' OR ');
  if (wanted.length === 0) return { kind: 'not', node: { kind: 'match', match: without } };
  const all = wanted.map((match) => `(${match})`).join(' AND ');
  return { kind: 'match', match: refused.length > 0 ? `(${all}) NOT (${without})` : all };
}

function joinOr(nodes: PlanNode[]): PlanNode {
  const kept: PlanNode[] = [];
  for (const node of nodes) {
    const like = kept.find((other) => canJoin(other, node));
    if (node.kind === 'none') continue;
    // Side by side, not inside each other: FTS5's parser is not made for depth. OR binds weakest there too.
    if (like?.kind === 'match' && node.kind === 'match') like.match = `${like.match} OR (${node.match})`;
    else if (like?.kind === 'word' && node.kind === 'word')
      like.ids = [...new Set([...like.ids, ...node.ids])];
    else kept.push({ ...node });
  }
  if (kept.length === 0) return { kind: 'none' };
  return kept.length === 1 ? kept[0]! : { kind: 'or', nodes: kept };
}

function canJoin(a: PlanNode, b: PlanNode): boolean {
  if (a.kind === 'match') return b.kind === 'match';
  return a.kind === 'word' && b.kind === 'word' && a.column === b.column;
}

/** Every state but these: so that `-state:completed` is found by index as well. */
function negate(node: PlanNode): PlanNode {
  if (node.kind !== 'word' || node.column !== 'state') return { kind: 'not', node };
  return wordPlan(
    'state',
    TASK_STATES.map((_, code) => code).filter((code) => !node.ids.includes(code)),
  );
}
