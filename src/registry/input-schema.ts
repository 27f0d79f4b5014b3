import { isDeepStrictEqual } from 'node:util';
import { ValidationTypes } from 'class-validator';
import { validationMetadataArrayToSchemas } from 'class-validator-jsonschema';
import type { IOptions } from 'class-validator-jsonschema/build/options.js';
import { getFields } from '../task-api/field.decorator.js';
import type { FieldOptions } from '../task-api/field.decorator.js';
import { conjoin } from './conjoin.js';
import {
  declaredType,
  designType,
  hasTransform,
  isConditional,
  isOptional,
  mayBeMissing,
  nestedClass,
  validatorsOf,
} from './input-metadata.js';
import type { InputClass, Validator } from './input-metadata.js';
import { DAY_OR_TIME, schemaConverters } from './schema-converters.js';
import type { JsonSchema } from './task-type.js';
import { toLabel } from './field-labels.js';

/** Text that `@Type(() => Number)` takes. */
const NUMBER = '^[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?$';

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** Types that TypeScript recorded, for properties whose validators imply none. */
const TYPE_NAMES = new Map<unknown, string>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
  [Array, 'array'],
]);

/** Describes the input as sent, or as the class makes it: `@Transform` and `@Type` lie between the two. */
type View = 'sent' | 'made';

/**
 * The JSON Schema of what is sent for an input class: validators, laid over with `@Field` and the defaults of the class.
 * A field with `@Transform` is described by `@Field({ schema })`: its validators check the result of the transform.
 */
export function inputSchema(inputClass: InputClass, title: string, description: string): JsonSchema {
  return {
    $schema: DRAFT,
    title,
    ...(description ? { description } : {}),
    ...objectSchema(inputClass, [], 'sent'),
  };
}

const made = new WeakMap<InputClass, JsonSchema>();

/** The same of what the class makes of it: for messages, and for the kinds of form fields. */
export function instanceSchema(inputClass: InputClass): JsonSchema {
  let schema = made.get(inputClass);
  if (!schema) made.set(inputClass, (schema = objectSchema(inputClass, [], 'made')));
  return schema;
}

/** `path` holds the classes around this one: a class inside itself is cut off as just an object. */
function objectSchema(inputClass: InputClass, path: InputClass[], view: View): JsonSchema {
  if (path.includes(inputClass)) return { type: 'object' };
  const fields = getFields(inputClass);
  const validators = groupByProperty(validatorsOf(inputClass));
  const inner = [...path, inputClass];
  const defaults = defaultsOf(inputClass);
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const name of new Set([...fields.keys(), ...validators.keys()])) {
    const own = validators.get(name) ?? [];
    const isFree = isConditional(own) || (view === 'sent' && hasTransform(inputClass, name));
    let schema = isFree ? {} : withType(derived(inputClass, own, inner, view), designType(inputClass, name));
    if (view === 'sent' && !isFree) schema = asSent(schema, declaredType(inputClass, name));
    schema = withoutIdleNot({ ...schema, ...fields.get(name)?.schema });
    if (isOptional(own)) schema = orNull(schema);
    properties[name] = {
      ...wordsFor(name, fields.get(name)),
      ...schema,
      // The default of a transformed field is what a transform gives, not what one would send.
      ...samples(hasTransform(inputClass, name) ? undefined : defaults[name], fields.get(name)),
    };
    if (defaults[name] === undefined && !mayBeMissing(own)) required.push(name);
  }
  return {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

function groupByProperty(validators: Validator[]): Map<string, Validator[]> {
  const groups = new Map<string, Validator[]>();
  for (const validator of validators) {
    groups.set(validator.propertyName, [...(groups.get(validator.propertyName) ?? []), validator]);
  }
  return groups;
}

/** Combines the schemas of one property's validators. */
function derived(
  inputClass: InputClass,
  validators: Validator[],
  path: InputClass[],
  view: View,
): JsonSchema {
  const nested = ({ propertyName, each }: { propertyName: string; each: boolean }) => {
    const child = nestedClass(inputClass, propertyName);
    const schema = child ? objectSchema(child, path, view) : { type: 'object' };
    const isList = !each && designType(inputClass, propertyName) === Array;
    return isList ? { type: 'array', items: schema } : schema;
  };
  const options = {
    additionalConverters: { ...schemaConverters, [ValidationTypes.NESTED_VALIDATION]: nested },
  } as unknown as Partial<IOptions>;
  const schemas = validators.map((validator) => {
    const isCustom = validator.type === ValidationTypes.CUSTOM_VALIDATION;
    const metadata = { ...validator, type: isCustom ? (validator.name ?? validator.type) : validator.type };
    const [schema] = Object.values(validationMetadataArrayToSchemas([metadata], options));
    return (schema?.properties?.[validator.propertyName] ?? {}) as JsonSchema;
  });
  return conjoin(schemas);
}

/** Widens the schema of a value that `@Type` converts: it can be sent in more ways than one. */
function asSent(schema: JsonSchema, declared: unknown): JsonSchema {
  if (schema.items && !schema.properties) return { ...schema, items: asSent(schema.items, declared) };
  const types = [schema.type ?? []].flat();
  if (declared === Date && schema.pattern !== DAY_OR_TIME) {
    return { ...schema, type: 'string', pattern: DAY_OR_TIME };
  }
  if (declared === Number && types.some((type) => type === 'integer' || type === 'number')) {
    return { ...schema, type: [...types, 'string'], pattern: NUMBER };
  }
  if (declared === String && types.includes('string')) {
    return { ...schema, type: [...types, 'number', 'boolean'] };
  }
  return schema;
}

/** Removes a `not: null` that the type of the schema implies. */
function withoutIdleNot({ not, ...schema }: JsonSchema): JsonSchema {
  if (not === undefined) return schema;
  const isIdle = isDeepStrictEqual(not, { type: 'null' }) && schema.type !== undefined;
  return isIdle && ![schema.type].flat().includes('null') ? schema : { ...schema, not };
}

/** Returns the values of a new instance. `{}` where the class cannot be built, which the boot check reports by name. */
export function defaultsOf(inputClass: InputClass): Record<string, unknown> {
  try {
    return { ...new inputClass() };
  } catch {
    return {};
  }
}

function withType(schema: JsonSchema, recorded: unknown): JsonSchema {
  const known = ['type', 'enum', 'anyOf', 'oneOf', 'allOf', 'not', '$ref'].some(
    (keyword) => keyword in schema,
  );
  const type = TYPE_NAMES.get(recorded);
  return known || !type ? schema : { type, ...schema };
}

/** Keywords besides `type` and `enum` that refuse null. */
const REFUSING = ['const', 'not', 'allOf', 'anyOf', 'oneOf', 'if', 'then', 'else', '$ref'];

function orNull(schema: JsonSchema): JsonSchema {
  const refusing = Object.entries(schema).filter(([keyword]) => REFUSING.includes(keyword));
  const rest = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !REFUSING.includes(keyword)));
  const types = [rest.type ?? []].flat() as string[];
  const values = rest.enum as unknown[] | undefined;
  return {
    ...rest,
    ...(types.length > 0 && !types.includes('null') ? { type: [...types, 'null'] } : {}),
    ...(values && !values.includes(null) ? { enum: [...values, null] } : {}),
    ...(refusing.length > 0 ? { anyOf: [{ type: 'null' }, Object.fromEntries(refusing)] } : {}),
  };
}

function wordsFor(name: string, field: FieldOptions | undefined): JsonSchema {
  const unit = field?.unit ? `Unit: ${field.unit}.` : '';
  const description = [field?.help, unit].filter(Boolean).join(' ');
  return { title: field?.title ?? toLabel(name), ...(description ? { description } : {}) };
}

function samples(defaultValue: unknown, field: FieldOptions | undefined): JsonSchema {
  return {
    ...(defaultValue !== undefined ? { default: toJson(defaultValue) } : {}),
    ...(field?.example !== undefined ? { examples: [field.example] } : {}),
  };
}

function toJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
