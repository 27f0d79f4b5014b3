import { describe, expect, it } from '@jest/globals';
import * as s from '../../../src/model/schema.js';
import { extractSchemas } from '../../../src/openapi/named-schemas.js';

const REF = '#/components/schemas/';

describe('extractSchemas', () => {
  it('lists each named schema once and leaves references to it', () => {
    const Size = s.named('Size', s.object({ width: s.count('Width.') }));
    const found = {};
    const answer = extractSchemas({ one: Size, more: s.list(s.optional(Size)) }, found);
    expect(answer).toEqual({
      one: { $ref: `${REF}Size` },
      more: { type: 'array', items: { $ref: `${REF}Size` } },
    });
    expect(Object.keys(found)).toEqual(['Size']);
  });

  it('follows a schema that contains itself, and one with a description of its own', () => {
    const Node = s.recursive('Node', (self) => s.object({ next: s.optional(self) }));
    const found: Record<string, unknown> = {};
    extractSchemas(s.object({ first: s.described(Node, 'The first one.') }), found);
    expect(found.Node).toMatchObject({ properties: { next: { $ref: `${REF}Node` } } });
    expect(extractSchemas(s.described(Node, 'The first one.'), {})).toEqual({
      $ref: `${REF}Node`,
      description: 'The first one.',
    });
  });

  it('refuses two schemas with one name', () => {
    const schemas = [s.named('Size', s.object({})), s.named('Size', s.object({ width: s.count('') }))];
    expect(() => extractSchemas(schemas, {})).toThrow('Two schemas have the name Size.');
  });
});
