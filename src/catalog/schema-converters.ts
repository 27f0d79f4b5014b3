import * as cv from 'class-validator';
import type { ISchemaConverters } from 'class-validator-jsonschema/build/defaultConverters.js';

type SchemaConverter = Extract<ISchemaConverters[string], (...args: never[]) => unknown>;
type Schema = ReturnType<SchemaConverter>;

/**
 * Where class-validator-jsonschema 5.2 says something the validator does not mean. Left as they are, these
 * would refuse input that is right, or depend on the order in which decorators are written.
 */
export const schemaConverters: ISchemaConverters = {
  // Bounds name no type here: merged after `isInt`, their `number` would hide the `integer`.
  [cv.MIN]: ({ constraints }) => ({ minimum: constraints[0] }),
  [cv.MAX]: ({ constraints }) => ({ maximum: constraints[0] }),
  [cv.IS_POSITIVE]: { exclusiveMinimum: 0 },
  [cv.IS_NEGATIVE]: { exclusiveMaximum: 0 },
  [cv.IS_DIVISIBLE_BY]: ({ constraints }) => ({ multipleOf: constraints[0] }),
  // The originals say `string`, but both validators look at other values as well.
  [cv.IS_NOT_EMPTY]: ({ target, propertyName }) =>
    typeof target === 'function' &&
    Reflect.getMetadata('design:type', target.prototype, propertyName) === String
      ? { minLength: 1 }
      : {},
  [cv.IS_ENUM]: ({ constraints }) => oneOf(constraints[1]),
  [cv.IS_IN]: ({ constraints }) => oneOf(constraints[0]),
  // `nullable` is no word of JSON Schema.
  [cv.IS_EMPTY]: { enum: ['', null] },
  [cv.IS_DEFINED]: {},
  // Substrings, not expressions.
  [cv.CONTAINS]: ({ constraints }) => ({ type: 'string', pattern: escapeRegExp(constraints[0]) }),
  [cv.NOT_CONTAINS]: ({ constraints }) => ({
    type: 'string',
    not: { pattern: escapeRegExp(constraints[0]) },
  }),
  [cv.MATCHES]: ({ constraints }) => ({ type: 'string', ...portablePattern(constraints[0]) }),
  // The original knows no decimals.
  [cv.IS_NUMBER_STRING]: { type: 'string', pattern: '^[+-]?([0-9]*[.])?[0-9]+$' },
  [cv.IS_HEX_COLOR]: { type: 'string', pattern: '^#?([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$' },
  [cv.IS_HEXADECIMAL]: { type: 'string', pattern: '^(0[xXhH])?[0-9a-fA-F]+$' },
  // The originals know the letters of English alone, whatever locale is asked for.
  [cv.IS_ALPHA]: ({ constraints }) => inEnglish(constraints[0], '^[a-zA-Z]+$'),
  [cv.IS_ALPHANUMERIC]: ({ constraints }) => inEnglish(constraints[0], '^[0-9a-zA-Z]+$'),
  // Patterns are read as Unicode, where a pair is one character.
  [cv.IS_SURROGATE_PAIR]: { type: 'string' },
  // As `oneOf` of two formats, which nobody has to assert, every text would match both and be refused.
  [cv.IS_DATE]: { type: 'string', format: 'date-time' },
  [cv.IS_ISO8601]: { type: 'string' },
  [cv.IS_DATE_STRING]: { type: 'string' },
  [cv.MIN_DATE]: {},
  [cv.MAX_DATE]: {},
  // Of a validator of one's own nothing is known; `@Field({ schema })` can say it.
  [cv.ValidationTypes.CUSTOM_VALIDATION]: {},
};

function oneOf(values: unknown[]): Schema {
  const types = [...new Set(values.map((value) => typeof value))];
  const [type] = types;
  const named = types.length === 1 && (type === 'string' || type === 'number' || type === 'boolean');
  return { ...(named ? { type } : {}), enum: [...values] };
}

function inEnglish(locale: string | undefined, pattern: string): Schema {
  return { type: 'string', ...(locale === undefined || locale.startsWith('en-') ? { pattern } : {}) };
}

function escapeRegExp(text: string): string {
  return text
    .replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
    .replaceAll('\\-', '-')
    .replaceAll('\\/', '/');
}

/** A pattern has no flags in JSON Schema and is read as Unicode; one that means something else without is left out. */
function portablePattern(expression: RegExp): Schema {
  if (/[imsv]/.test(expression.flags)) return {};
  try {
    // eslint-disable-next-line no-restricted-syntax -- A task type's own expression, written again at boot.
    new RegExp(expression.source, 'u');
    return { pattern: expression.source };
  } catch {
    return {};
  }
}
