import { describe, expect, it } from '@jest/globals';
import { runInNewContext } from 'node:vm';
import { HIDDEN } from '../../../src/platform/redaction/redaction.js';
import type { TaskFailure } from '../../../src/model/task-view.js';
import { toFailureRecord } from '../../../src/worker/failure-record.js';

const bites = () => {
  throw new Error('gotcha');
};
const trap = new Proxy(
  {},
  { get: bites, has: bites, ownKeys: bites, getPrototypeOf: bites, getOwnPropertyDescriptor: bites },
);

function chained(depth: number): Error {
  let error = new Error('the last');
  for (let i = depth; i > 1; i--) error = new Error(`wrapped ${i - 1}`, { cause: error });
  return error;
}

function* chainOf(failure: TaskFailure): Generator<TaskFailure> {
  for (let one: TaskFailure | undefined = failure; one; one = one.cause) yield one;
}

describe('the record of what was thrown', () => {
  it('has the causes, each with name, message, code and stack', () => {
    const row = Object.assign(new RangeError('row 7 is empty'), { code: 'E_ROW', row: 7 });
    const record = toFailureRecord(
      new Error('not sent', { cause: new TypeError('no address', { cause: row }) }),
    );
    expect(record).toMatchObject({
      message: 'not sent',
      cause: {
        name: 'TypeError',
        message: 'no address',
        stack: expect.stringContaining('failure-record.spec'),
        cause: { name: 'RangeError', message: 'row 7 is empty', code: 'E_ROW', details: { row: 7 } },
      },
    });
    expect(record).not.toHaveProperty('code');
  });

  it('has the address that fetch could not reach', async () => {
    const thrown: unknown = await fetch('http://127.0.0.1:1/').catch((error: unknown) => error);
    expect(toFailureRecord(thrown)).toMatchObject({ name: 'TypeError', cause: expect.anything() });
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
      ...{ errno: -111, code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port: 1 },
    });
    expect(toFailureRecord(new TypeError('fetch failed', { cause: refused })).cause).toMatchObject({
      code: 'ECONNREFUSED',
      details: { errno: -111, syscall: 'connect', address: '127.0.0.1', port: 1 },
    });
  });

  it('has inner errors, and shows how many it left out', () => {
    const all = Array.from({ length: 50 }, (_, i) => new Error(`mirror ${i}`));
    const { errors, omittedErrors } = toFailureRecord(new AggregateError(all, 'no mirror'));
    expect(errors).toHaveLength(10);
    expect(errors![9]).toMatchObject({ message: 'mirror 9' });
    expect(omittedErrors).toBe(40);
  });

  it('keeps the first and the last of a long chain', () => {
    const chain = [...chainOf(toFailureRecord(chained(200)))];
    expect(chain.length).toBeLessThanOrEqual(8);
    expect(chain.at(-1)!.message).toBe('the last');
    expect(chain.at(-2)).toMatchObject({ message: 'wrapped 7', omittedCauses: 200 - chain.length });
  });

  it('ends a circle of causes and inner errors', () => {
    const error = new AggregateError([], 'a circle');
    error.cause = new Error('and back', { cause: error });
    error.errors.push(error, error.cause, new Error('another'));
    const record = toFailureRecord(error);
    expect([...chainOf(record)].map(({ message }) => message)).toEqual(['a circle', 'and back']);
    expect(record.errors).toMatchObject([{ message: 'another' }]);
  });

  it.each<[string, unknown, object]>([
    [
      'a cause that is text',
      new Error('outer', { cause: 'the disk is full' }),
      { cause: { message: 'the disk is full' } },
    ],
    [
      'a cause that is an object',
      new Error('outer', { cause: { rows: 3 } }),
      { cause: { message: '{"rows":3}' } },
    ],
    ['a cause that is 0', new Error('outer', { cause: 0 }), { cause: { message: '0' } }],
    [
      'an error of another realm',
      runInNewContext(
        `Object.assign(new RangeError('afar', { cause: new TypeError('farther') }), { code: 'E_VM' })`,
      ),
      { name: 'RangeError', message: 'afar', code: 'E_VM', cause: { name: 'TypeError', message: 'farther' } },
    ],
    [
      'a clone of an error',
      structuredClone(new TypeError('copied', { cause: new Error('with it') })),
      { name: 'TypeError', message: 'copied', cause: { message: 'with it' } },
    ],
    [
      'a DOMException',
      new DOMException('too late', 'TimeoutError'),
      { name: 'TimeoutError', message: 'too late' },
    ],
    [
      'an object with a message',
      { message: 'no quota', code: 429, limit: 5 },
      { message: 'no quota', code: '429', details: { limit: 5 } },
    ],
    [
      'one without prototype',
      Object.assign(Object.create(null), { message: 'bare' }),
      { name: 'Error', message: 'bare' },
    ],
    ['a frozen one', Object.freeze(new Error('frozen')), { message: 'frozen' }],
    ['a message that is no text', Object.assign(new Error(), { message: { a: 1 } }), { message: '{"a":1}' }],
    [
      'a name and a stack that are no text',
      Object.assign(new Error('m'), { name: 5, stack: 5 }),
      { name: 'Error', message: 'm', stack: 'Error: m' },
    ],
    [
      'a toJSON of its own',
      Object.assign(new Error('m'), { toJSON: bites, status: 503 }),
      { message: 'm', details: { status: 503 } },
    ],
    [
      'a method called cause',
      Object.assign(new Error('m'), { cause: () => new Error('x') }),
      { message: 'm' },
    ],
    [
      'a suppressed error',
      { name: 'SuppressedError', message: 'm', error: new Error('a'), suppressed: new Error('b') },
      { errors: [{ message: 'a' }, { message: 'b' }] },
    ],
    [
      'errors that are no list',
      Object.assign(new Error('m'), { errors: { to: new Error('is missing') } }),
      { details: { errors: { to: 'Error: is missing' } } },
    ],
    [
      'colours',
      Object.assign(new Error('\u001b[31mred\u001b[0m'), { hint: '\u001b[1mbold\u001b[22m' }),
      { message: 'red', details: { hint: 'bold' } },
    ],
    [
      'an object that is not an error',
      { a: 1, password: 'x' },
      { message: `The handler threw an object that is not an error: {"a":1,"password":"${HIDDEN}"}` },
    ],
  ])('knows %s', (_, thrown, record) => expect(toFailureRecord(thrown)).toMatchObject(record));

  it.each<[string, unknown]>([
    ['a proxy that bites', trap],
    ['a cause that bites', new Error('outer', { cause: trap })],
    ['inner errors that bite', Object.assign(new Error('outer'), { errors: [trap] })],
    [
      'getters that bite',
      Object.defineProperties(
        new Error('outer'),
        Object.fromEntries(
          ['cause', 'code', 'errors', 'more'].map((name) => [name, { get: bites, enumerable: true }]),
        ),
      ),
    ],
    ['a property that bites', Object.assign(new Error('outer'), { inner: trap })],
    [
      'a revoked proxy',
      (() => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      })(),
    ],
  ])('survives %s', (_, thrown) => {
    const record = toFailureRecord(thrown);
    expect(record.message).not.toBe('');
    expect(() => JSON.stringify(record)).not.toThrow();
  });

  it('bounds and hides what a client of HTTP hangs on its errors', () => {
    const request = { socket: process.stdout, agent: new Map([['a', 1]]), body: Buffer.alloc(9) };
    const config = {
      url: 'https://ada:pa55word@api.example.org/v1?api_key=k3y-of-ours&page=2',
      headers: { Accept: 'application/json', Authorization: 'Bearer s3cr3t-of-ours' },
      auth: { username: 'ada', password: 'hunter22' },
      data: '{"password":"hunter22","to":"ada"}',
      note: 'sent with Authorization: Basic YWRhOmh1bnRlcg==',
    };
    const thrown = Object.assign(new Error('Request failed with status code 503'), {
      ...{ code: 'ERR_BAD_RESPONSE', config, request },
      response: {
        status: 503,
        headers: { 'set-cookie': ['session=abcdef'] },
        data: 'x'.repeat(300_000),
        config,
        request,
      },
    });
    const record = toFailureRecord(thrown);
    expect(record).toMatchObject({
      code: 'ERR_BAD_RESPONSE',
      details: {
        config: { headers: { Accept: 'application/json', Authorization: HIDDEN }, auth: HIDDEN },
        request: {
          socket: expect.stringMatching(/^\[\w+\]$/),
          agent: '[Map of 1]',
          body: '[Buffer of 9 bytes]',
        },
        response: { status: 503, headers: { 'set-cookie': HIDDEN } },
      },
    });
    const json = JSON.stringify(record.details);
    expect(json.length).toBeLessThan(6_000);
    expect(json).toContain('page=2');
    for (const secret of [
      'pa55word',
      'k3y-of-ours',
      's3cr3t-of-ours',
      'hunter22',
      'abcdef',
      'YWRhOmh1bnRlcg',
    ])
      expect(json).not.toContain(secret);
  });

  it('has a bound, however much is thrown', () => {
    const many = (depth: number): Error => {
      const errors = depth === 0 ? [] : Array.from({ length: 20 }, () => many(depth - 1));
      return Object.assign(new AggregateError(errors, 'm'.repeat(50_000)), {
        note: 'n'.repeat(50_000),
        stack: 's'.repeat(50_000),
      });
    };
    expect(JSON.stringify(toFailureRecord(many(3))).length).toBeLessThan(90_000);
  });
});
