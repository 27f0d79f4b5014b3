import { describe, expect, it } from '@jest/globals';
import { IsObject, IsOptional, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { buildApiDocument } from '../../../src/openapi/openapi-document.js';
import { defaultTaskTypesDir, loadTaskTypes } from '../../../src/registry/load-task-types.js';
import { toTaskType } from '../../../src/registry/to-task-type.js';
import { Field } from '../../../src/task-api/field.decorator.js';
import { ApiContract } from '../../support/api-contract.js';

type Json = Record<string, unknown>;

class Nested {
  @Field()
  @IsOptional()
  @ValidateNested()
  @Type(() => Nested)
  again?: Nested;

  @Field()
  @IsObject()
  properties!: object;
}

class Handler {
  run() {
    return 1;
  }
}

const types = [
  ...(await loadTaskTypes(defaultTaskTypesDir())),
  toTaskType({ name: 'nested', title: 'Nested', input: Nested }, Handler),
];
const contract = new ApiContract(
  buildApiDocument(types, '1.0.0', {
    cookie: 'roost',
    permissions: new Map(),
    queues: ['default', 'cpu'],
  }) as Json,
);

describe('the OpenAPI document', () => {
  it('has no object that a generator of clients would take for an empty one', () => {
    expect(objectsWithoutMembers(contract.document)).toEqual([]);
  });

  it('describes each line of a bulk request as a task of its type', () => {
    const { requestBody } = contract.find('POST', '/api/v1/tasks/bulk').operation as {
      requestBody: { content: Record<string, { schema: Json }> };
    };
    const { schema } = requestBody.content['application/json']!;
    const problem = (line: object) => contract.problemWith(schema, [line]);
    const divide = { type: 'divide', input: { x: 10, y: 2 } };
    expect(problem(divide)).toBeUndefined();
    expect(problem({ ...divide, idempotencyKey: 'a key', options: { priority: 1 } })).toBeUndefined();
    expect(problem({ ...divide, input: {} })).toMatch(/'x'/);
    expect(problem({ type: 'process-text', input: divide.input })).toBeDefined();
    expect(requestBody.content['application/x-ndjson']!.schema).toEqual({ type: 'string' });
  });
});

function objectsWithoutMembers(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { type, properties, additionalProperties } = value as Json;
  const isEmpty =
    [type].flat().includes('object') && properties === undefined && additionalProperties === undefined;
  return [
    ...(isEmpty ? [path] : []),
    ...Object.entries(value).flatMap(([name, inner]) =>
      name === 'examples' ? [] : objectsWithoutMembers(inner, `${path}/${name}`),
    ),
  ];
}
