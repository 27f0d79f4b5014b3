import type { FieldProblem } from '../model/errors.js';
import { describeSchema, describeValue } from './describe-schema.js';
import type { JsonSchema } from './task-type.js';

/**
 * Refuses nested values that class-validator lets pass: `@ValidateNested` accepts a missing value, a list where an object
 * is declared, and the other way round.
 */
export function structureProblems(value: unknown, schema: JsonSchema, path: string): FieldProblem[] {
  if (value === undefined || value === null) return [];
  const types = [schema.type ?? []].flat();
  if (
    types.includes('array') !== Array.isArray(value) &&
    (types.includes('array') || types.includes('object'))
  ) {
    return [
      {
        path,
        message: `must be ${describeSchema(schema) ?? types.join(' or ')}, not ${describeValue(value)}`,
      },
    ];
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => structureProblems(item, schema.items ?? {}, `${path}[${index}]`));
  }
  if (typeof value !== 'object') return [];
  const object = value as Record<string, unknown>;
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const here = `${path}.${name}`;
    if (object[name] !== undefined) return structureProblems(object[name], property, here);
    return schema.required?.includes(name) ? [{ path: here, message: requiredMessage(property) }] : [];
  });
}

export function requiredMessage(schema: JsonSchema): string {
  const right = describeSchema(schema);
  const [example] = schema.examples ?? [];
  if (right) return `is required: ${right}`;
  return example === undefined ? 'is required' : `is required, for example ${JSON.stringify(example)}`;
}
