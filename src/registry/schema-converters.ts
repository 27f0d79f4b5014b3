import * as cv from 'class-validator';
import type { ISchemaConverters } from 'class-validator-jsonschema/build/defaultConverters.js';

/** Pattern of the values that `@Type(() => Date)` accepts, as far as a pattern can express it. */
export const DAY_OR_TIME =
  '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])' +
  '([Tt]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,9})?)?([Zz]|[+-]([01]\\d|2[0-3]):?[0-5]\\d))?$';

type SchemaConverter = Extract<ISchemaConverters[string], (...args: never[]) => unknown>;
type Schema = ReturnType<SchemaConverter>;

/**
 * Corrections where class-validator-jsonschema 5.2 differs from the validator. Uncorrected, these schemas would refuse
 * valid input, or depend on the order of the decorators.
 */
export const schemaConverters: ISchemaConverters = {
  ...textOnly(),
  // Bounds name no type here: merged after `isInt`, their `number` would hide the `integer`.
  [cv.MIN]: ({ constraints }) => ({ minimum: constraints[0] }),
  [cv.MAX]: ({ constraints }) => ({ maximum: constraints[0] }),
  [cv.IS_POSITIVE]: { exclusiveMinimum: 0 },
  [cv.IS_NEGATIVE]: { exclusiveMaximum: 0 },
  [cv.IS_DIVISIBLE_BY]: ({ constraints }) => ({ multipleOf: constraints[0] }),
  // The original schemas have `string`, but both validators accept other values as well.
  [cv.IS_NOT_EMPTY]: ({ target, propertyName }) =>
    typeof target === 'function' &&
    Reflect.getMetadata('design:type', target.prototype, propertyName) === String
      ? { minLength: 1 }
      : { not: { enum: ['', null] } },
  [cv.IS_ENUM]: ({ constraints }) => oneOf(constraints[1]),
  [cv.IS_IN]: ({ constraints }) => oneOf(constraints[0]),
  // `nullable` is no word of JSON Schema.
  [cv.IS_EMPTY]: { enum: ['', null] },
  [cv.IS_DEFINED]: { not: { type: 'null' } },
  [cv.ValidationTypes.IS_DEFINED]: { not: { type: 'null' } },
  // Substrings, not expressions.
  [cv.CONTAINS]: ({ constraints }) => ({ type: 'string', pattern: escapeRegExp(constraints[0]) }),
  [cv.NOT_CONTAINS]: ({ constraints }) => ({
    type: 'string',
    not: { type: 'string', pattern: escapeRegExp(constraints[0]) },
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
  // A day, or a time with its zone. Not `format`, which needs seconds. The schema cannot express that the day exists.
  [cv.IS_DATE]: { type: 'string', pattern: DAY_OR_TIME },
  [cv.IS_ISO8601]: { type: 'string' },
  [cv.IS_DATE_STRING]: { type: 'string' },
  [cv.MIN_DATE]: {},
  [cv.MAX_DATE]: {},
  // The originals name one format, whatever the options widen.
  [cv.IS_IP]: ({ constraints: [version] }) =>
    ['4', '6'].includes(String(version))
      ? { type: 'string', format: `ipv${version}` }
      : { type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] },
  [cv.IS_EMAIL]: ({ constraints: [options] }) => text(options, 'email'),
  [cv.IS_URL]: ({ constraints: [options] }) => text(options, 'url'),
  [cv.IS_FQDN]: ({ constraints: [options] }) => text(options, 'hostname'),
  [cv.IS_UUID]: ({ constraints: [version] }) => text(version === 'loose' ? { version } : undefined, 'uuid'),
  // Not `not` around lists: it would refuse null where the field is optional.
  [cv.ARRAY_CONTAINS]: ({ constraints: [values] }) => ({
    type: 'array',
    allOf: (values as unknown[]).filter(isPlain).map((value) => ({ contains: { const: value } })),
  }),
  [cv.ARRAY_NOT_CONTAINS]: ({ constraints: [values] }) => ({
    type: 'array',
    items: { not: { enum: (values as unknown[]).filter(isPlain) } },
  }),
  // A custom validator implies no schema; `@Field({ schema })` can give one.
  [cv.ValidationTypes.CUSTOM_VALIDATION]: {},
};

/** Validators of text that class-validator-jsonschema does not know. No keyword expresses their further rules. */
function textOnly(): ISchemaConverters {
  const names = [
    ...[cv.IS_BASE32, cv.IS_BASE58, cv.IS_BIC, cv.IS_BTC_ADDRESS, cv.IS_DATA_URI, cv.IS_DECIMAL, cv.IS_EAN],
    ...[
      cv.IS_ETHEREUM_ADDRESS,
      cv.IS_FIREBASE_PUSH_ID,
      cv.IS_HSL,
      cv.IS_HASH,
      cv.IS_IBAN,
      cv.IS_ISO31661_ALPHA_2,
    ],
    ...[
      cv.IS_ISO31661_ALPHA_3,
      cv.IS_ISO31661_NUMERIC,
      cv.IS_ISO4217_CURRENCY_CODE,
      cv.IS_ISO6391,
      cv.IS_ISRC,
    ],
    ...[cv.IS_ISSN, cv.IS_IDENTITY_CARD, cv.IS_JWT, cv.IS_LATLONG, cv.IS_LOCALE, cv.IS_MAC_ADDRESS],
    ...[
      cv.IS_MAGNET_URI,
      cv.IS_MIME_TYPE,
      cv.IS_OCTAL,
      cv.IS_PASSPORT_NUMBER,
      cv.IS_PHONE_NUMBER,
      cv.IS_PORT,
    ],
    ...[
      cv.IS_POSTAL_CODE,
      cv.IS_RFC_3339,
      cv.IS_RGB_COLOR,
      cv.IS_SEM_VER,
      cv.IS_STRONG_PASSWORD,
      cv.IS_TAX_ID,
    ],
    ...[cv.IS_TIMEZONE],
  ];
  return Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
}

function text(options: unknown, format: string): Schema {
  const isNarrow = options === undefined || Object.keys(Object(options)).length === 0;
  return { type: 'string', ...(isNarrow ? { format } : {}) };
}

function isPlain(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

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
