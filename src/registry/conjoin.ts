import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from './task-type.js';

const LOWER_BOUNDS: ReadonlySet<string> = new Set([
  'minimum',
  'exclusiveMinimum',
  'minLength',
  'minItems',
  'minProperties',
]);
const UPPER_BOUNDS: ReadonlySet<string> = new Set([
  'maximum',
  'exclusiveMaximum',
  'maxLength',
  'maxItems',
  'maxProperties',
]);

/** Combines schemas into one with all their rules: two decorators of a kind do not overwrite each other. */
export function conjoin(schemas: readonly JsonSchema[]): JsonSchema {
  const joined: JsonSchema = {};
  const rest: JsonSchema[] = [];
  for (const schema of schemas) {
    for (const [keyword, value] of Object.entries(schema)) {
      const known = joined[keyword];
      if (known === undefined) joined[keyword] = value;
      else if (keyword === 'allOf') rest.push(...(value as JsonSchema[]));
      else if (isDeepStrictEqual(known, value)) continue;
      else if (LOWER_BOUNDS.has(keyword)) joined[keyword] = Math.max(known as number, value as number);
      else if (UPPER_BOUNDS.has(keyword)) joined[keyword] = Math.min(known as number, value as number);
      else if (keyword === 'items') joined.items = conjoin([known as JsonSchema, value as JsonSchema]);
      else if (keyword === 'type' && isNumeric(known) && isNumeric(value)) joined.type = 'integer';
      else if (keyword !== 'description') rest.push({ [keyword]: value });
    }
  }
  const all = [...((joined.allOf as JsonSchema[] | undefined) ?? []), ...rest];
  return all.length > 0 ? { ...joined, allOf: all } : joined;
}

function isNumeric(type: unknown): boolean {
  return type === 'integer' || type === 'number';
}
