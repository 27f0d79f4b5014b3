import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RoostError } from '../../../../src/model/errors.js';
import { parseQuery } from '../../../../src/history/query/parse-query.js';
import { printQuery } from '../../../../src/history/query/print-query.js';
import { QUERY_FIELDS } from '../../../../src/history/query/query-fields.js';
import { QuerySyntaxError } from '../../../../src/history/query/query-syntax-error.js';
import { codePoint } from '../../../support/code-points.js';

function filter(text: string) {
  return parseQuery(text).filter;
}

function refusal(text: string): QuerySyntaxError {
  try {
    parseQuery(text);
  } catch (error) {
    expect(error).toBeInstanceOf(QuerySyntaxError);
    return error as QuerySyntaxError;
  }
  throw new Error(`${text} was taken`);
}

const word = (text: string) => ({ kind: 'text', scope: 'any', text, prefix: false });

describe('the query language', () => {
  it('asks for everything when nothing is said', () => {
    expect(parseQuery('')).toEqual({ filter: null, sort: null });
    expect(parseQuery('  \n')).toEqual({ filter: null, sort: null });
  });

  it('joins what stands side by side, and binds NOT before AND before OR', () => {
    expect(filter('a b')).toEqual({ kind: 'and', nodes: [word('a'), word('b')] });
    expect(filter('a OR b AND NOT c')).toEqual({
      kind: 'or',
      nodes: [word('a'), { kind: 'and', nodes: [word('b'), { kind: 'not', node: word('c') }] }],
    });
    expect(filter('(a OR b) -c')).toEqual({
      kind: 'and',
      nodes: [
        { kind: 'or', nodes: [word('a'), word('b')] },
        { kind: 'not', node: word('c') },
      ],
    });
    expect(filter('--a')).toEqual(word('a'));
    expect(filter('and or not')).toEqual({ kind: 'and', nodes: [word('and'), word('or'), word('not')] });
  });

  it('reads every field of the table by its own example', () => {
    for (const [name, { example }] of QUERY_FIELDS) {
      const query = parseQuery(example);
      expect([name, query.filter ?? query.sort]).toEqual([name, expect.anything()]);
      expect(parseQuery(example.replace(name, name.toUpperCase()))).toEqual(query);
    }
  });

  it('reads durations, ages, dates and ranges', () => {
    expect(filter('wait:>1m30s')).toEqual({
      kind: 'number',
      field: 'wait',
      test: { op: '>', value: 90_000 },
    });
    expect(filter('run:200ms..1.5s')).toEqual({
      kind: 'number',
      field: 'run',
      test: { op: 'range', from: 200, to: 1500 },
    });
    expect(filter('created:<1h')).toEqual({
      kind: 'time',
      field: 'created',
      test: { op: '<', value: { kind: 'age', ms: 3_600_000 } },
    });
    expect(filter('finished:2026-11-22..')).toEqual({
      kind: 'time',
      field: 'finished',
      test: {
        op: 'range',
        from: { kind: 'date', text: '2026-11-22', from: Date.UTC(2026, 10, 22), to: Date.UTC(2026, 10, 23) },
      },
    });
    expect(filter('created:2026-02')).toMatchObject({
      test: { value: { from: Date.UTC(2026, 1), to: Date.UTC(2026, 2) } },
    });
    expect(filter('created:>2026-11-22T10:30+02:00')).toMatchObject({
      test: { value: { from: Date.UTC(2026, 10, 22, 8, 30), to: Date.UTC(2026, 10, 22, 8, 31) } },
    });
  });

  it('reads values of the input as numbers and as text', () => {
    const path = (test: object) => ({ kind: 'path', root: 'input', path: 'user.id', test });
    expect(filter('input.User.ID:42')).toEqual(path({ op: '=', value: { text: '42', number: 42 } }));
    expect(filter('input.user.id:"42"')).toEqual(path({ op: '=', value: { text: '42' } }));
    expect(filter('input.user.id:>=-1.5e3')).toEqual(
      path({ op: '>=', value: { text: '-1.5e3', number: -1500 } }),
    );
    expect(filter('input.user.id:ada*')).toEqual(path({ op: 'prefix', text: 'ada' }));
    expect(filter('input.user.id:*')).toEqual(path({ op: 'exists' }));
    expect(filter('input.user.id:1..5')).toEqual(
      path({ op: 'range', from: { text: '1', number: 1 }, to: { text: '5', number: 5 } }),
    );
  });

  it('reads quotes with escapes, and a beginning that goes on', () => {
    expect(filter('error:"say \\"no\\" \\\\ now"')).toEqual({
      kind: 'text',
      scope: 'error',
      text: 'say "no" \\ now',
      prefix: false,
    });
    expect(filter('"division by ze"*')).toEqual({ ...word('division by ze'), prefix: true });
    expect(filter('type:"div*"')).toEqual({ kind: 'name', field: 'type', text: 'div*', prefix: false });
    expect(filter('type:div*')).toEqual({ kind: 'name', field: 'type', text: 'div', prefix: true });
  });

  it('takes one order beside the search', () => {
    expect(parseQuery('state:failed sort:-run')).toMatchObject({ sort: { field: 'run', descending: true } });
    expect(parseQuery('sort:type').filter).toBeNull();
    expect(refusal('sort:run sort:wait').message).toBe('Column 10: There can be only one sort:.');
    expect(refusal('(sort:run)').column).toBe(2);
  });

  it.each([
    ['state:faild', 1, 'There is no state "faild". Did you mean failed?'],
    ['a tpye:x', 3, 'There is no field "tpye". Did you mean type:?'],
    ['user.id:4', 1, 'There is no field "user.id". Did you mean input.user.id:?'],
    ['inptu.id:4', 1, 'There is no field "inptu.id". Did you mean input.id:?'],
    ['run:>200', 6, '"200" is not a duration. Add the unit: 200ms, 200s, 200m or 200h.'],
    ['created:1h', 1, 'Younger or older? Write created:<1h for the last 1h, created:>1h for what is older.'],
    [
      'created:2026-02-30',
      9,
      '"2026-02-30" is neither a date nor an age. Write a date such as 2026-11-22 or 2026-11-22T10:30Z, or an age such as 1h.',
    ],
    ['attempts:two', 10, '"two" is not a whole number: write for example attempts:>1.'],
    ['error:"no', 7, 'This quote is never closed: add a " where the text ends.'],
    ['(a', 1, 'This ( is never closed: add a ) where the group ends.'],
    ['a)', 2, 'This ) closes nothing: remove it, or add a ( before.'],
    ['a AND', 3, 'Something is missing after this: a term such as state:failed.'],
    ['OR a', 1, 'OR needs a term on both sides; to search for the word itself write "OR".'],
    ['!!!', 1, 'There is nothing to search for here: words need at least one letter or digit.'],
    [
      'a*b',
      2,
      'A * is only understood at the end of a word. To search for the character itself, put the word in quotes.',
    ],
    ['type:>a', 1, 'type cannot be compared: write type:divide.'],
    ['wait:', 1, 'What should wait be? For example wait:>5s.'],
    ['input..x:1', 1, 'A path is names with single dots between them, as in input.user.id.'],
    ['sort:speed', 1, 'Sort by one of created, finished, wait, run, attempts, type, state.'],
    ['"a"b', 4, 'A blank is missing after the closing quote.'],
  ])('refuses %s at column %i', (text, column, problem) => {
    const error = refusal(text);
    expect([error.column, error.problem]).toEqual([column, problem]);
    expect(error.from).toBeLessThan(error.to);
  });

  it('answers as the API does, with the field and the column', () => {
    const error = refusal('a tpye:x').toRoostError();
    expect(error).toBeInstanceOf(RoostError);
    expect(error).toMatchObject({
      code: 'QUERY_INVALID',
      fields: [{ path: 'q', message: 'Column 3: There is no field "tpye". Did you mean type:?' }],
      extra: { column: 3, from: 2, to: 6 },
    });
  });

  it('bounds length, terms and depth', () => {
    expect(refusal('a'.repeat(2049)).problem).toContain('at most 2048 characters');
    expect(refusal('a '.repeat(129)).problem).toContain('at most 128 terms');
    expect(refusal('('.repeat(17) + 'a' + ')'.repeat(17)).problem).toContain('at most 16 deep');
    expect(refusal('-'.repeat(17) + 'a').problem).toContain('at most 16 deep');
    expect(filter('('.repeat(16) + 'a' + ')'.repeat(16))).toEqual(word('a'));
  });

  it('is not taken in by names that every object has', () => {
    expect(filter('constructor __proto__')).toMatchObject({ kind: 'and' });
    expect(refusal('constructor:x').problem).toContain('There is no field "constructor"');
    expect(filter('input.__proto__.constructor:x')).toMatchObject({ path: '__proto__.constructor' });
  });
});

/** Text that looks enough like a query to get past the first token. */
const queryish = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '(',
        ')',
        ' ',
        ' ',
        ' AND ',
        ' OR ',
        ' NOT ',
        '-',
        '"',
        '\\',
        '*',
        ':',
        '..',
        '>',
        '<=',
        '=',
        '1',
        '5s',
        '2026-11-22',
        '1h',
        'x.y',
      ),
      fc.constantFrom(
        ...[...QUERY_FIELDS.keys()].map((name) => `${name}:`),
        'input.a.b:',
        'result.q:',
        'sort:-',
      ),
      fc.constantFrom(...[...QUERY_FIELDS.values()].map(({ example }) => example)),
      fc.string({ unit: 'grapheme', maxLength: 5 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

describe('the parser, fuzzed', () => {
  it('throws nothing but QuerySyntaxError, and prints what reads back as the same', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof(queryish, fc.string({ unit: codePoint, maxLength: 100 })), (text) => {
        let query;
        try {
          query = parseQuery(text);
        } catch (error) {
          expect(error).toBeInstanceOf(QuerySyntaxError);
          const { from, to } = error as QuerySyntaxError;
          expect(from >= 0 && from <= to && to <= text.length).toBe(true);
          return;
        }
        taken++;
        const printed = printQuery(query);
        if (printed.length <= 2048) expect(parseQuery(printed)).toEqual(query);
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  it.each(['(', '-', '"', '\\"', 'a:', '1h', 'a ', 'NOT ', '(a OR ', 'input.', '..', '0', '9.', '*'])(
    'is quick on what is hostile: %s again and again',
    (piece) => {
      for (const length of [2048, 65_536]) {
        for (const head of ['', 'wait:', 'created:', 'input.x:', 'id:']) {
          const text = (head + piece.repeat(length)).slice(0, length);
          expect(quickest(text)).toBeLessThan(50);
        }
      }
    },
  );
});

/**
 * Returns the processor time of the fastest of some runs, in ms. Elapsed time would include waits for a busy machine;
 * a parser whose effort grows with the square of the length exceeds the limit in every run.
 */
function quickest(text: string): number {
  let best = Infinity;
  for (let run = 0; run < 20 && best >= 50; run++) {
    const before = process.cpuUsage();
    try {
      parseQuery(text);
    } catch (error) {
      expect(error).toBeInstanceOf(QuerySyntaxError);
    }
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}
