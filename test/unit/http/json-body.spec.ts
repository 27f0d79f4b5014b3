import { describe, expect, it } from '@jest/globals';
import { checkJson, objectBody } from '../../../src/http/json-body.js';

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

describe('checkJson', () => {
  it.each([[null], ['text'], [5], [[]], [{ a: [{ b: null }] }], [nested(32)]])('lets %p pass', (value) => {
    expect(() => checkJson(value)).not.toThrow();
  });

  it.each([33, 10_000])('refuses %d levels', (depth) => {
    expect(() => checkJson(nested(depth))).toThrow(
      expect.objectContaining({ code: 'BODY_MALFORMED', detail: expect.stringMatching(/32 levels/) }),
    );
  });

  it.each(['{"__proto__":1}', '{"a":[{"constructor":{}}]}', '{"a":{"prototype":null}}'])(
    'refuses %s and shows where',
    (json) => {
      expect(() => checkJson(JSON.parse(json))).toThrow(
        expect.objectContaining({
          fields: [
            expect.objectContaining({
              path: expect.stringMatching(/^body\..*(__proto__|constructor|prototype)$/),
            }),
          ],
        }),
      );
    },
  );
});

describe('objectBody', () => {
  it('answers with the body', () => {
    expect(objectBody({ a: 1 }, ['a', 'b'])).toEqual({ a: 1 });
  });

  it.each([[null], [[]], ['text'], [5], [undefined]])('refuses %p', (body) => {
    expect(() => objectBody(body, ['a'])).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('names every member that is not known, and the near one', () => {
    expect(() => objectBody({ inputs: 1, other: 2 }, ['type', 'input'])).toThrow(
      expect.objectContaining({
        fields: [
          { path: 'inputs', message: 'is not known here. Did you mean `input`? Known: type, input' },
          { path: 'other', message: 'is not known here. Known: type, input' },
        ],
      }),
    );
  });
});
