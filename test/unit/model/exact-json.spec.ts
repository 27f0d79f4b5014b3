import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { elementsOf, parseExactJson, toPath } from '../../../src/model/exact-json.js';

const faultsIn = (text: string) =>
  parseExactJson(text).faults.map(({ path, message }) => `${toPath(path, 'body')} ${message}`);

describe('parseExactJson', () => {
  it('finds nothing in what JSON.stringify writes, and reads it as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseExactJson(text)).toEqual({ value: JSON.parse(text), faults: [] });
      }),
    );
  });

  it.each([
    ['9007199254740993', 'would become 9007199254740992'],
    ['-9007199254740993', 'would become -9007199254740992'],
    ['1970670598291982290', 'would become 1970670598291982300'],
    ['123456789012345678901234567890', 'would become 1.2345678901234568e+29'],
    ['0.1234567890123456789', 'would become 0.12345678901234568'],
    ['1234567890.1234567890', 'would become 1234567890.1234567'],
    ['1e400', 'not Infinity'],
    ['-1e400', 'not -Infinity'],
    ['1e-400', 'would become 0'],
  ])('tells that %s would be changed', (digits, words) => {
    expect(faultsIn(digits)).toEqual([expect.stringContaining(words)]);
    expect(faultsIn(`{"a":[0,{"b":${digits}}]}`)).toEqual([expect.stringMatching(/^body\.a\[1\]\.b /)]);
  });

  it.each([
    ...['0', '-0', '0.0', '0e9', '1', '-1.50', '1e21', '1E+5', '9007199254740991', '9007199254740992'],
    // As programs print doubles: shortest, with 17 digits, in full.
    ...['0.1', '0.30000000000000004', '0.10000000000000001', '1.7976931348623157e308', '5e-324'],
    ...[
      '0.1000000000000000055511151231257827021181583404541015625',
      '1970670598291982300',
      '100000000000000000000000',
    ],
  ])('lets %s pass', (digits) => {
    expect(faultsIn(`[${digits}]`)).toEqual([]);
  });

  it('shows names that stand twice, however they are written', () => {
    expect(faultsIn('{"a":1,"a":1}')).toEqual([expect.stringMatching(/^body\.a stands twice/)]);
    expect(faultsIn('{"x":{"a":1,"b":[{"a":1}],"\\u0061":1}}')).toEqual([
      expect.stringMatching(/^body\.x\.a stands twice/),
    ]);
    expect(faultsIn('[{"__proto__":1,"__proto__":2},{"":1,"":2}]')).toHaveLength(2);
    expect(faultsIn('{"a":{"b":1},"c":{"b":1},"d":"\\"a\\":1, \\"a\\":2"}')).toEqual([]);
  });

  it('is not misled by text that looks like JSON', () => {
    const text = JSON.stringify({ a: '1e400, "x":1, "x":2', b: '\\', c: ['"', '\\"', '{'], '{"': 9 });
    expect(parseExactJson(text).faults).toEqual([]);
    expect(faultsIn(`{"t":${JSON.stringify(text)},"n":1e999}`)).toEqual([
      expect.stringMatching(/^body\.n .*Infinity/),
    ]);
  });

  it('stands endless nesting and endless faults', () => {
    const deep = `${'['.repeat(50_000)}1e400${']'.repeat(50_000)}`;
    expect(parseExactJson(deep).faults).toHaveLength(1);
    expect(parseExactJson(`[${'1e400,'.repeat(1000)}1]`).faults).toHaveLength(50);
  });

  it('leaves it to JSON.parse what is no JSON', () => {
    for (const text of ['', '{', '[1,]', '01', '1e', '{a:1}'])
      expect(() => parseExactJson(text)).toThrow(SyntaxError);
  });
});

describe('elementsOf', () => {
  it('gives the text of each element', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { minLength: 1 }),
        fc.constantFrom(undefined, 2),
        (list, indent) => {
          const elements = elementsOf(JSON.stringify(list, null, indent)).map(
            (text) => JSON.parse(text) as unknown,
          );
          expect(elements).toEqual(JSON.parse(JSON.stringify(list)));
        },
      ),
    );
  });
});
