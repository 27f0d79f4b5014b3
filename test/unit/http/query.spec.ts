import { describe, expect, it } from '@jest/globals';
import { RoostError } from '../../../src/model/errors.js';
import { readQuery, shortText, someOf, wholeNumber } from '../../../src/http/query.js';

const READERS = { limit: wholeNumber(1, 200), state: someOf(['a', 'b']), type: shortText(5) };

function problemsOf(query: Record<string, unknown>): Record<string, string> {
  try {
    readQuery(query, READERS);
  } catch (error) {
    if (error instanceof RoostError && error.code === 'QUERY_INVALID') {
      return Object.fromEntries(error.fields!.map(({ path, message }) => [path, message]));
    }
    throw error;
  }
  return {};
}

describe('readQuery', () => {
  it('reads what is there; empty is as good as missing', () => {
    expect(readQuery({ limit: '20', state: 'a, b', type: '' }, READERS)).toEqual({
      limit: 20,
      state: ['a', 'b'],
    });
    expect(readQuery({}, READERS)).toEqual({});
  });

  it.each(['0', '201', '-1', '1e2', '0x10', ' 5', '5.0', 'NaN', '9'.repeat(400), '٣'])(
    'takes %p for no number from 1 to 200',
    (limit) => {
      expect(problemsOf({ limit })).toEqual({ limit: 'must be a whole number from 1 to 200' });
    },
  );

  it('names every problem at once', () => {
    const problems = problemsOf({
      limit: ['1', '2'],
      state: 'a,c',
      type: 'too long',
      limti: '5',
      other: '1',
    });
    expect(problems).toEqual({
      limit: 'may be given once only',
      state: expect.stringMatching(/must be some of: a, b/),
      type: 'must be at most 5 characters long',
      limti: expect.stringMatching(/Did you mean `limit`\?/),
      other: expect.not.stringMatching(/Did you mean/),
    });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('knows no parameter %s', (name) => {
    expect(problemsOf(Object.fromEntries([[name, '1']]))).toHaveProperty([name]);
  });
});
