import type { JsonSchema } from './task-type.js';

const FORMATS: Record<string, string> = {
  email: 'an e-mail address',
  url: 'a web address',
  uuid: 'a UUID',
  'date-time': 'a date and time',
};

/** Maximum quoted text, in UTF-16 units. A longer one is described by its length. */
const MAX_QUOTE = 40;

/** Returns the valid values, to follow "must be": `a whole number from 0 to 5000`. Undefined where the schema is too vague. */
export function describeSchema(schema: JsonSchema): string | undefined {
  if (schema.enum) {
    return schema.enum.length === 1
      ? quote(schema.enum[0])
      : `one of ${schema.enum.filter(isValue).map(plain).join(', ')}`;
  }
  const types = [schema.type ?? []].flat().filter((type) => type !== 'null');
  if (types.length !== 1) return undefined;
  switch (types[0]) {
    case 'integer':
      return `a whole number${range(schema)}`;
    case 'number':
      return `a number${range(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'string': {
      const kind = (schema.format && FORMATS[schema.format]) || 'text';
      return `${kind}${count(schema.minLength, schema.maxLength, 'character')}`;
    }
    case 'array': {
      const item = schema.items && describeSchema(schema.items);
      return `a list${count(schema.minItems, schema.maxItems, 'item')}${item ? `, each ${item}` : ''}`;
    }
    case 'object':
      return 'an object';
    default:
      return undefined;
  }
}

/** A wrong value as a person would name it: short ones quoted, others by kind and size. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    return value.length <= MAX_QUOTE
      ? `the text ${JSON.stringify(value)}`
      : `text of ${[...value].length} characters`;
  }
  if (Array.isArray(value)) return `a list of ${value.length} ${value.length === 1 ? 'item' : 'items'}`;
  if (value instanceof Date) return 'an unreadable date';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: JsonSchema): string {
  const bounds =
    minimum !== undefined && maximum !== undefined
      ? ` from ${minimum} to ${maximum}`
      : [
          minimum !== undefined && ` of at least ${minimum}`,
          exclusiveMinimum !== undefined && ` above ${exclusiveMinimum}`,
          maximum !== undefined && ` of at most ${maximum}`,
          exclusiveMaximum !== undefined && ` below ${exclusiveMaximum}`,
        ]
          .filter(Boolean)
          .join(' and');
  return bounds + (multipleOf === undefined ? '' : ` that ${String(multipleOf)} divides`);
}

function count(min: number | undefined, max: number | undefined, noun: string): string {
  const things = (n: number) => `${n} ${n === 1 ? noun : `${noun}s`}`;
  if (min && max !== undefined)
    return min === max ? ` of exactly ${things(max)}` : ` of ${min} to ${things(max)}`;
  if (max !== undefined) return ` of at most ${things(max)}`;
  return min ? ` of at least ${things(min)}` : '';
}

function isValue(value: unknown): boolean {
  return value !== null;
}

function plain(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : quote(value);
}

function quote(value: unknown): string {
  return JSON.stringify(value);
}
