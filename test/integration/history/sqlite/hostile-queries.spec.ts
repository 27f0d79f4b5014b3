import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TASK_STATES } from '../../../../src/model/states.js';
import { MAX_TERMS, parseQuery } from '../../../../src/history/query/parse-query.js';
import { printQuery } from '../../../../src/history/query/print-query.js';
import {
  SORT_FIELDS,
  type Moment,
  type PathValue,
  type Query,
  type QueryNode,
  type Test,
} from '../../../../src/history/query/query-ast.js';
import { QuerySyntaxError } from '../../../../src/history/query/query-syntax-error.js';
import { StoreFixture } from './store-fixture.js';
import { NOON, task } from '../../../support/history-rows.js';
import { codePoint } from '../../../support/code-points.js';

const HOSTILE = [
  '%', '_', "'", '"', '\\', '*', '""', 'NEAR(a b)', 'a AND b', 'NOT', 'head:x', '{head}', '^a', 'a + b', '-', '', ' ', '\u0000', '\ud800', 'ab\u0000cd',
  '👩‍👩‍👧‍👦', 'e\u0301', 'İ', 'ß', 'ﬃ', '\u1c90', '\ue000', '١٢', '1e999', '9007199254740993', '-0', '1e-400', '0x10', 'x'.repeat(300), '\u{10ffff}',
  'constructor', '__proto__', 'a.b.c', '..', '>', '<=5',
]; // prettier-ignore

const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: codePoint, maxLength: 6 }),
);
const number = fc.oneof(
  fc.constantFrom(0, -0, 42, 0.1, -5, 1e308, -1e308, 5e-324, 2 ** 53, 1e15),
  fc.double({ noNaN: true }),
);
const pathValue: fc.Arbitrary<PathValue> = fc.oneof(
  text.map((value) => ({ text: value })),
  number.map((value) => ({ text: String(value), number: value })),
);
const moment: fc.Arbitrary<Moment> = fc.oneof(
  fc.nat().map((ms): Moment => ({ kind: 'age', ms })),
  fc
    .integer({ min: -6e13, max: 2.5e14 })
    .map((from): Moment => ({ kind: 'date', text: 'x', from, to: from + 1000 })),
);

function tests<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Test<Value>> {
  return fc.oneof(
    fc.record({ op: fc.constantFrom('=', '<', '<=', '>', '>='), value }),
    fc.record({ op: fc.constant('range' as const), from: value, to: value }, { requiredKeys: ['op'] }),
  ) as fc.Arbitrary<Test<Value>>;
}

const term: fc.Arbitrary<QueryNode> = fc.oneof(
  fc.record({
    kind: fc.constant('text' as const),
    scope: fc.constantFrom(
      'any' as const,
      'input' as const,
      'result' as const,
      'error' as const,
      'log' as const,
    ),
    text,
    prefix: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('state' as const), state: fc.constantFrom(...TASK_STATES) }),
  fc.record({
    kind: fc.constant('name' as const),
    field: fc.constantFrom(...(['type', 'queue', 'worker', 'tag', 'id', 'origin', 'group'] as const)),
    text,
    prefix: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('number' as const),
    field: fc.constantFrom(...(['attempts', 'priority', 'wait', 'run'] as const)),
    test: tests(number),
  }),
  fc.record({
    kind: fc.constant('time' as const),
    field: fc.constantFrom('created' as const, 'finished' as const),
    test: tests(moment),
  }),
  fc.record({
    kind: fc.constant('path' as const),
    root: fc.constantFrom('input' as const, 'result' as const),
    path: fc.oneof(fc.constantFrom('a', 'list', 'name', 'user.id', 'text'), text),
    test: fc.oneof(
      tests(pathValue),
      fc.record({ op: fc.constant('prefix' as const), text }),
      fc.constant({ op: 'exists' as const }),
    ),
  }),
) as fc.Arbitrary<QueryNode>;

const node: fc.Arbitrary<QueryNode> = fc.letrec<{ node: QueryNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    term,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      nodes: fc.array(tie('node'), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ kind: fc.constant('not' as const), node: tie('node') }),
  ),
})).node;

const query: fc.Arbitrary<Query> = fc.record({
  filter: fc.option(node, { nil: null }),
  sort: fc.option(fc.record({ field: fc.constantFrom(...SORT_FIELDS), descending: fc.boolean() }), {
    nil: null,
  }),
});

/** Pieces of the language, in any order: now and then they make sense. */
const written = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...['(', ')', ' ', '-', '"', ':', '*', '..', '<', '>=', ' AND ', ' OR ', ' NOT ', 'state:', 'failed', 'input.', 'a:', 'wait:'],
        ...['5s', '1h', '2026-11-22', 'sort:-', 'created:', 'type:', 'x', '\\', 'run:>', 'tag:"a b"', 'input.a:1..5', 'result.r:>0.5'],
      ),
      text,
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join('')); // prettier-ignore

describe('queries that mean no good', () => {
  const store = new StoreFixture();

  beforeAll(() => {
    store.record({
      tasks: Array.from({ length: 120 }, (_, i) =>
        task(HOSTILE[i] && i % 2 ? HOSTILE[i] : `id-${i}`, {
          state: TASK_STATES[i % TASK_STATES.length]!,
          type: HOSTILE[i % HOSTILE.length]!,
          createdAt: NOON - i * 1000,
          input: JSON.stringify({
            a: i,
            list: [i, String(i)],
            name: HOSTILE[i % HOSTILE.length],
            text: `word${i % 5} common`,
          }),
          tags: [HOSTILE[i % HOSTILE.length]!],
          worker: i % 3 ? `w${i}` : null,
          waitMs: i,
          priority: i % 4,
        }),
      ),
    });
  });
  afterAll(() => store.remove());

  function ask(asked: Query): void {
    const page = store.engine.search({ query: asked, limit: 5, now: NOON });
    if (page.nextCursor) store.engine.search({ query: asked, limit: 5, now: NOON, cursor: page.nextCursor });
    store.engine.counts(asked.filter, NOON);
    store.engine.countPiece(asked.filter, NOON, undefined);
    store.engine.walkIds(asked.filter, undefined, 7, NOON);
  }

  it('are answered, whatever they ask for', () => {
    fc.assert(fc.property(query, ask), { numRuns: 400 });
  });

  it('are refused as what they are, or print as what reads back as the same and is answered', () => {
    fc.assert(
      fc.property(written, (given) => {
        let read: Query;
        try {
          read = parseQuery(given);
        } catch (error) {
          expect(error).toBeInstanceOf(QuerySyntaxError);
          const { from, to } = error as QuerySyntaxError;
          expect(from >= 0 && from <= to && to <= given.length).toBe(true);
          return;
        }
        expect(parseQuery(printQuery(read))).toEqual(read);
        ask(read);
      }),
      { numRuns: 1500 },
    );
  });

  const many = (n: number, one: (i: number) => string, between = ' ') =>
    Array.from({ length: n }, (_, i) => one(i)).join(between);

  it.each([
    ['as many words as there may be', many(MAX_TERMS, (i) => `word${i}`, ' OR ')],
    ['all of them', many(MAX_TERMS, (i) => `word${i}`)],
    ['none of them', many(MAX_TERMS, (i) => `-word${i}`)],
    ['as many values', many(100, (i) => `input.a:>${i}`, ' OR ')],
    ['as many beginnings', many(100, (i) => `input.name:${i}*`, ' OR ')],
    ['pairs', many(30, (i) => `(word1 -x${i} OR input.a:${i} tag:a)`, ' OR ')],
    ['choices, all at once', many(40, (i) => `(common OR x${i})`)],
    ['depth', `${'(a OR '.repeat(15)}b${')'.repeat(15)}`],
    ['depth of opposites', `${'-(common OR '.repeat(8)}word1${')'.repeat(8)}`],
    ['the opposite of a word alone', 'NOT common'],
    ['the opposite of nothing', 'NOT absent'],
    ['all states but all', '-(state:failed OR state:completed OR state:waiting OR state:delayed OR state:active OR state:cancelled OR state:expired)'],
    ['any', 'type:* OR input.a:* OR worker:*'],
  ])('are answered: %s', (_, q) => {
    const { filter } = parseQuery(q);
    ask({ filter, sort: null });
    ask({ filter, sort: { field: 'run', descending: true } });
    ask({ filter, sort: { field: 'type', descending: false } });
  }); // prettier-ignore
});
