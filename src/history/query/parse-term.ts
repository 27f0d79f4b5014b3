import { nearName } from '../../model/near-name.js';
import { TASK_STATES, type TaskState } from '../../model/states.js';
import { toIndexedNumber } from '../number-key.js';
import type {
  Moment,
  NameField,
  PathTerm,
  PathValue,
  QueryTerm,
  Sort,
  SortField,
  Test,
  TextScope,
} from './query-ast.js';
import { SORT_FIELDS } from './query-ast.js';
import { QUERY_FIELDS } from './query-fields.js';
import { QuerySyntaxError } from './query-syntax-error.js';
import { isNumber, parseDate, parseDuration, parseNumber } from './query-values.js';
import type { TermToken } from './tokens.js';

/** Maximum path depth; the index contains no deeper paths. */
export const MAX_PATH_DEPTH = 6;

const SEARCHABLE = /[\p{L}\p{N}\p{Co}]/u;

/** Parses one term, or a sort order. */
export function parseTerm(token: TermToken): QueryTerm | { kind: 'sort'; sort: Sort } {
  if (token.field === undefined) return textTerm(token, 'any');
  const name = token.field.toLowerCase();
  const dot = name.indexOf('.');
  if (dot > 0 && (name.startsWith('input.') || name.startsWith('result.'))) {
    return pathTerm(token, name.slice(0, dot) as 'input' | 'result', name.slice(dot + 1));
  }
  const field = QUERY_FIELDS.get(name);
  if (!field) throw unknownField(token, token.field);
  if (token.text === '' && !token.star && !token.quoted)
    fail(token, `What should ${name} be? For example ${field.example}.`);
  switch (field.kind.kind) {
    case 'state':
      return { kind: 'state', state: parseState(token) };
    case 'sort':
      return { kind: 'sort', sort: parseSort(token) };
    case 'name':
      return nameTerm(token, field.kind.field, field.example);
    case 'text':
      return textTerm(token, field.kind.scope);
    case 'count':
      return { kind: 'number', field: field.kind.field, test: parseTest(token, countValue(field.example)) };
    case 'duration':
      return { kind: 'number', field: field.kind.field, test: parseTest(token, durationValue) };
    case 'time':
      return { kind: 'time', field: field.kind.field, test: momentTest(token, name) };
  }
}

function textTerm(token: TermToken, scope: TextScope): QueryTerm {
  const field = scope === 'any' ? '' : `${scope}:`;
  if (token.operator)
    fail(
      token,
      `${field} takes words; to compare a value name its path, as in input.count${token.operator}3.`,
    );
  if (!SEARCHABLE.test(token.text)) {
    fail(token, 'There is nothing to search for here: words need at least one letter or digit.');
  }
  return { kind: 'text', scope, text: token.text, prefix: token.star };
}

function nameTerm(token: TermToken, field: NameField, example: string): QueryTerm {
  if (token.operator && token.operator !== '=') fail(token, `${field} cannot be compared: write ${example}.`);
  if (token.text === '' && !token.star) fail(token, `What should ${field} be? For example ${example}.`);
  return { kind: 'name', field, text: token.text, prefix: token.star };
}

function parseState(token: TermToken): TaskState {
  const wanted = token.text.toLowerCase();
  if (!token.operator && !token.star && (TASK_STATES as readonly string[]).includes(wanted))
    return wanted as TaskState;
  const near = nearName(token.text, TASK_STATES);
  return fail(
    token,
    near
      ? `There is no state "${token.text}". Did you mean ${near}?`
      : `A state is one of ${TASK_STATES.join(', ')}.`,
  );
}

function parseSort(token: TermToken): Sort {
  const descending = token.text.startsWith('-');
  const wanted = token.text.replace(/^[-+]/, '').toLowerCase();
  const field = SORT_FIELDS.find((name) => name === wanted);
  if (field && !token.operator && !token.star) return { field, descending };
  const near = nearName(wanted, SORT_FIELDS) as SortField | undefined;
  return fail(
    token,
    near ? `Cannot sort by "${wanted}". Did you mean ${near}?` : `Sort by one of ${SORT_FIELDS.join(', ')}.`,
  );
}

function pathTerm(token: TermToken, root: 'input' | 'result', path: string): PathTerm {
  const keys = path.split('.');
  const fieldEnd = token.from + token.field!.length;
  if (keys.includes('')) {
    throw new QuerySyntaxError(
      `A path is names with single dots between them, as in ${root}.user.id.`,
      token.from,
      fieldEnd,
    );
  }
  if (keys.length > MAX_PATH_DEPTH) {
    throw new QuerySyntaxError(
      `Values are found down to ${MAX_PATH_DEPTH} names deep.`,
      token.from,
      fieldEnd,
    );
  }
  if (token.star && !token.operator) {
    return {
      kind: 'path',
      root,
      path,
      test: token.text === '' ? { op: 'exists' } : { op: 'prefix', text: token.text },
    };
  }
  return { kind: 'path', root, path, test: parseTest(token, pathValue(`${root}.${path}`)) };
}

type ReadValue<Value> = (text: string, token: TermToken, from: number) => Value;

/** Parses a comparison, a range (`a..b`, `a..`, `..b`) or a plain value. */
function parseTest<Value>(token: TermToken, read: ReadValue<Value>): Test<Value> {
  if (token.star) fail(token, 'A * fits words only; for numbers and times use >, < or a range such as 1..5.');
  const { text, operator, valueFrom } = token;
  const dots = token.quoted ? -1 : text.indexOf('..');
  if (dots < 0) return { op: operator ?? '=', value: read(text, token, valueFrom) };
  if (operator) fail(token, `Either ${operator} or a range with .., not both.`);
  const [first, last] = [text.slice(0, dots), text.slice(dots + 2)];
  if (first === '' && last === '')
    fail(token, 'A range needs a first or a last value, as in 1..5, 1.. or ..5.');
  return {
    op: 'range',
    ...(first === '' ? {} : { from: read(first, token, valueFrom) }),
    ...(last === '' ? {} : { to: read(last, token, valueFrom + dots + 2) }),
  };
}

function countValue(example: string): ReadValue<number> {
  return (text, token, from) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
    return (
      value ?? failAt(text, token, from, `"${text}" is not a whole number: write for example ${example}.`)
    );
  };
}

function durationValue(text: string, token: TermToken, from: number): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  const remedy = /^\d+(\.\d+)?$/.test(text)
    ? `Add the unit: ${text}ms, ${text}s, ${text}m or ${text}h.`
    : 'A duration is for example 200ms, 5s, 1h30m or 2d.';
  return failAt(text, token, from, `"${text}" is not a duration. ${remedy}`);
}

function momentTest(token: TermToken, field: string): Test<Moment> {
  const test = parseTest<Moment>(token, (text, _token, from) => {
    const age = parseDuration(text);
    if (age !== undefined) return { kind: 'age', ms: age };
    const date = parseDate(text);
    const remedy = 'Write a date such as 2026-11-22 or 2026-11-22T10:30Z, or an age such as 1h.';
    return date ?? failAt(text, token, from, `"${text}" is neither a date nor an age. ${remedy}`);
  });
  if (test.op === '=' && test.value.kind === 'age') {
    fail(
      token,
      `Younger or older? Write ${field}:<${token.text} for the last ${token.text}, ${field}:>${token.text} for what is older.`,
    );
  }
  return test;
}

function pathValue(field: string): ReadValue<PathValue> {
  return (text, token, from) => {
    if (text === '' && !token.quoted)
      failAt(text, token, from, `What should ${field} be? For example ${field}:42 or ${field}:>3.`);
    if (token.quoted || !isNumber(text)) return { text };
    const number = parseNumber(text);
    return {
      text,
      ...(number === undefined ? {} : { number }),
      ...(typeof toIndexedNumber(text) === 'string' ? { digits: text } : {}),
    };
  };
}

function unknownField(token: TermToken, field: string): QuerySyntaxError {
  const near = nearName(field, [...QUERY_FIELDS.keys(), 'input.', 'result.']);
  const dot = field.indexOf('.');
  const root = dot > 0 ? nearName(field.slice(0, dot), ['input', 'result']) : undefined;
  const meant = root ? `${root}${field.slice(dot)}` : dot > 0 ? `input.${field}` : near;
  const remedy = meant
    ? `Did you mean ${meant}:?`
    : `Fields are ${[...QUERY_FIELDS.keys()].join(', ')}, input.<path> and result.<path>; to search for the text itself put it in quotes.`;
  return new QuerySyntaxError(
    `There is no field "${field}". ${remedy}`,
    token.from,
    token.from + field.length,
  );
}

function fail(token: TermToken, problem: string): never {
  throw new QuerySyntaxError(problem, token.from, token.to);
}

function failAt(text: string, token: TermToken, from: number, problem: string): never {
  throw new QuerySyntaxError(problem, from, Math.max(from + text.length, Math.min(from + 1, token.to)));
}
