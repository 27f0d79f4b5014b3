import { QuerySyntaxError } from './query-syntax-error.js';

/** Maximum length of a query, UTF-16 units. */
export const MAX_QUERY_LENGTH = 2048;

export type Token = { kind: '(' | ')' | 'and' | 'or' | 'not' | 'end'; from: number; to: number } | TermToken;

/** One search term: `word`, `"some words"`, `field:value` or `field:>value`. */
export interface TermToken {
  kind: 'term';
  from: number;
  to: number;
  /** As written; absent for bare words. */
  field?: string;
  operator?: '=' | '<' | '<=' | '>' | '>=';
  text: string;
  quoted: boolean;
  /** The term ends with a `*`. */
  star: boolean;
  /** Offset of the value. */
  valueFrom: number;
}

const BLANK = /[\s\p{Cc}]/u;
const FIELD = /^[\p{L}_][^\s:"()]*$/u;
const KEYWORDS: ReadonlyMap<string, 'and' | 'or' | 'not'> = new Map([
  ['AND', 'and'],
  ['OR', 'or'],
  ['NOT', 'not'],
]);

/** Splits a query into tokens in one pass; reads each character a bounded number of times. */
export function tokenize(query: string): Token[] {
  if (query.length > MAX_QUERY_LENGTH) {
    throw new QuerySyntaxError(
      `A query has at most ${MAX_QUERY_LENGTH} characters; this one has ${query.length}.`,
      MAX_QUERY_LENGTH,
      query.length,
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const char = query[at]!;
    if (BLANK.test(char)) {
      at++;
    } else if (char === '(' || char === ')') {
      tokens.push({ kind: char, from: at, to: ++at });
    } else if (
      char === '-' &&
      at + 1 < query.length &&
      !BLANK.test(query[at + 1]!) &&
      query[at + 1] !== ')'
    ) {
      tokens.push({ kind: 'not', from: at, to: ++at });
    } else {
      const token = readTerm(query, at);
      tokens.push(token);
      at = token.to;
    }
  }
  tokens.push({ kind: 'end', from: query.length, to: query.length });
  return tokens;
}

function readTerm(query: string, from: number): Token {
  if (query[from] === '"') return readValue(query, { kind: 'term', from, valueFrom: from });
  const end = endOfWord(query, from);
  const word = query.slice(from, end);
  const keyword = KEYWORDS.get(word);
  if (keyword) return { kind: keyword, from, to: end };

  const colon = word.indexOf(':');
  if (colon < 0) return readValue(query, { kind: 'term', from, valueFrom: from });
  const field = word.slice(0, colon);
  if (!FIELD.test(field)) {
    const quoted = JSON.stringify(word);
    throw new QuerySyntaxError(
      colon === 0
        ? 'There is no field before the colon: write field:value, or put the text in quotes.'
        : `"${field}" cannot be a field. To search for the text itself write ${quoted}.`,
      from,
      end,
    );
  }
  const operator = /^(?:[<>]=?|=)/.exec(query.slice(from + colon + 1, from + colon + 3))?.[0];
  return readValue(query, {
    kind: 'term',
    from,
    field,
    ...(operator ? { operator: operator as TermToken['operator'] & string } : {}),
    valueFrom: from + colon + 1 + (operator?.length ?? 0),
  });
}

type Begun = Omit<TermToken, 'to' | 'text' | 'quoted' | 'star'>;

function readValue(query: string, begun: Begun): TermToken {
  const { valueFrom } = begun;
  if (query[valueFrom] === '"') {
    const { text, to } = readQuoted(query, valueFrom);
    const star = query[to] === '*';
    const end = to + (star ? 1 : 0);
    const next = query[end];
    if (next !== undefined && !BLANK.test(next) && next !== ')') {
      throw new QuerySyntaxError('A blank is missing after the closing quote.', end, end + 1);
    }
    return { ...begun, text, quoted: true, star, to: end };
  }
  const to = endOfWord(query, valueFrom);
  const raw = query.slice(valueFrom, to);
  const star = raw.endsWith('*');
  const text = star ? raw.slice(0, -1) : raw;
  const inner = text.indexOf('*');
  if (inner >= 0) {
    const place = valueFrom + inner;
    throw new QuerySyntaxError(
      'A * is only understood at the end of a word. To search for the character itself, put the word in quotes.',
      place,
      place + 1,
    );
  }
  return { ...begun, text, quoted: false, star, to };
}

/** Returns the end of an unquoted word: a blank, a parenthesis or a quote. */
function endOfWord(query: string, from: number): number {
  let to = from;
  while (
    to < query.length &&
    query[to] !== '"' &&
    query[to] !== '(' &&
    query[to] !== ')' &&
    !BLANK.test(query[to]!)
  )
    to++;
  return to;
}

function readQuoted(query: string, from: number): { text: string; to: number } {
  let text = '';
  for (let at = from + 1; at < query.length; at++) {
    const char = query[at]!;
    if (char === '"') return { text, to: at + 1 };
    if (char === '\\' && (query[at + 1] === '"' || query[at + 1] === '\\')) text += query[++at];
    else text += char;
  }
  throw new QuerySyntaxError('This quote is never closed: add a " where the text ends.', from, from + 1);
}
