import { describe, expect, it } from '@jest/globals';
import { runInNewContext } from 'node:vm';
import { PermanentError } from '../../../src/task-api/outcomes.js';
import { toResultJson } from '../../../src/worker/task-result.js';

const type = { resultLimitBytes: 10 };
const circular: Record<string, unknown> = {};
circular.self = circular;
const hostile = {
  toJSON() {
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw 'no error';
  },
};

const shared = { a: 1 };
class Private {
  readonly #hidden = 1;
  get hidden() {
    return this.#hidden;
  }
}
class Point {
  x = 1;
}
const nested = (depth: number): object => (depth === 0 ? {} : { a: nested(depth - 1) });

describe('toResultJson', () => {
  it.each([
    [undefined, 'null'],
    [null, 'null'],
    [0, '0'],
    [{ a: 1 }, '{"a":1}'],
    ['12345678', '"12345678"'],
  ])('takes %j', (result, json) => {
    expect(toResultJson(result, type)).toBe(json);
  });

  it.each<[string, () => unknown, string]>([
    ['a BigInt', () => ({ id: 1n }), 'result.id is a BigInt, which JSON does not have. Return it as text'],
    ['a circle', () => circular, 'result.self is circular'],
    ['a function', () => () => 1, 'result is a function'],
    ['a method', () => ({ a: { b: () => 1 } }), 'result.a.b is a function'],
    ['a symbol', () => Symbol('s'), 'result is a symbol'],
    ['a Map', () => ({ users: new Map([[1, 2]]) }), 'result.users is a Map, of which JSON keeps nothing'],
    ['a Set in a list', () => [[], new Set([1])], 'result[1] is a Set'],
    [
      'an error',
      () => ({ why: new TypeError('x') }),
      'result.why is an error, whose message JSON leaves out',
    ],
    ['an error of another realm', () => runInNewContext('new Error()'), 'result is an error'],
    [
      'NaN',
      () => ({ rate: { 'per day': 0 / 0 } }),
      'result.rate["per day"] is NaN, of which JSON makes null',
    ],
    ['Infinity', () => [-1 / 0], 'result[0] is -Infinity'],
    [
      'a promise',
      () => ({ rows: Promise.resolve(1) }),
      'result.rows is a promise that was not awaited, of which JSON keeps nothing. Await it first.',
    ],
    ['a thenable', () => ({ then: () => 1 }), 'result is a promise'],
    ['undefined in a list', () => [1, undefined], 'result[1] is undefined'],
    ['a hole in a list', () => [1, , 3], 'result[1] is undefined'],
    ['an invalid date', () => ({ at: new Date('never') }), 'result.at is an invalid Date'],
    [
      'bytes without a form of their own',
      () => new Uint8Array(3),
      'result is a Uint8Array, of which JSON does not make a list',
    ],
    ['an ArrayBuffer', () => new ArrayBuffer(3), 'result is an ArrayBuffer'],
    ['a RegExp', () => /x/, 'result is a RegExp'],
    [
      'an instance of which JSON sees nothing',
      () => new Private(),
      'result is a Private, of which JSON keeps nothing',
    ],
    ['what a toJSON makes of it', () => ({ toJSON: () => ({ n: NaN }) }), 'result.n is NaN'],
    ['a toJSON without an answer', () => ({ toJSON: () => undefined }), 'its toJSON returns undefined'],
    ['what throws something else', () => hostile, 'it cannot be made JSON: no error'],
    ['what is nested without end', () => nested(300), 'is nested more than 200 levels deep'],
  ])('refuses %s with its path and the cure, for good', (_, make, message) => {
    const refuse = () => toResultJson(make(), { resultLimitBytes: 1_000 });
    expect(refuse).toThrow(PermanentError);
    expect(refuse).toThrow('The result cannot be stored: ');
    expect(refuse).toThrow(message);
    expect(codeOf(refuse)).toBe('RESULT_NOT_JSON');
  });

  it.each<[string, unknown, string]>([
    ['a property that is undefined', { a: undefined, b: 1 }, '{"b":1}'],
    ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['a Buffer, which has its own form', Buffer.from('a'), '{"type":"Buffer","data":[97]}'],
    ['a URL', { to: new URL('http://a/') }, '{"to":"http://a/"}'],
    ['an instance with properties', new Point(), '{"x":1}'],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ['one of another realm', runInNewContext('({ list: [] })'), '{"list":[]}'],
    ['the same object twice, side by side', [shared, shared], '[{"a":1},{"a":1}]'],
    ['an empty object', {}, '{}'],
  ])('keeps %s', (_, result, json) => {
    expect(toResultJson(result, { resultLimitBytes: 1_000 })).toBe(json);
  });

  it('refuses more than the limit, in bytes', () => {
    const refuse = () => toResultJson('äöüäö', type);
    expect(refuse).toThrow(/^The result is 12 bytes of JSON, over the limit of 10/);
    expect(codeOf(refuse)).toBe('RESULT_TOO_LARGE');
  });
});

function codeOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}
