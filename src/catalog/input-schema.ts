import { ValidationTypes } from 'class-validator';
import { validationMetadataArrayToSchemas } from 'class-validator-jsonschema';
import type { IOptions } from 'class-validator-jsonschema/build/options.js';
import { getFields } from '../contract/field.decorator.js';
import type { FieldOptions } from '../contract/field.decorator.js';
import {
  designType,
  isConditional,
  isOptional,
  mayBeMissing,
  nestedClass,
  validatorsOf,
} from './input-metadata.js';
import type { InputClass, Validator } from './input-metadata.js';
import { schemaConverters } from './schema-converters.js';
import type { JsonSchema } from './task-type.js';
import { toWords } from './words.js';

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** What TypeScript recorded, for a property whose validators do not tell its type. */
const TYPE_NAMES = new Map<unknown, string>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
  [Array, 'array'],
]);

/** The JSON Schema of an input class: validators, laid over with `@Field` and the defaults of the class. */
export function inputSchema(inputClass: InputClass, title: string, description: string): JsonSchema {
  return {
    $schema: DRAFT,
    title,
    ...(description ? { description } : {}),
    ...objectSchema(inputClass, []),
  };
}

/** `path` holds the classes around this one: a class inside itself is cut off as just an object. */
function objectSchema(inputClass: InputClass, path: InputClass[]): JsonSchema {
  if (path.includes(inputClass)) return { type: 'object' };
  const fields = getFields(inputClass);
  const validators = groupByProperty(validatorsOf(inputClass));
  const derived = derivedProperties(inputClass, [...path, inputClass]);
  const defaults = defaultsOf(inputClass);
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const name of new Set([...fields.keys(), ...validators.keys()])) {
    const own = validators.get(name) ?? [];
    let schema = isConditional(own) ? {} : withType(derived[name] ?? {}, designType(inputClass, name));
    schema = { ...schema, ...fields.get(name)?.schema };
    if (isOptional(own)) schema = orNull(schema);
    properties[name] = {
      ...wordsFor(name, fields.get(name)),
      ...schema,
      ...samples(defaults[name], fields.get(name)),
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

function derivedProperties(inputClass: InputClass, path: InputClass[]): Record<string, JsonSchema> {
  const nested = ({ propertyName, each }: { propertyName: string; each: boolean }) => {
    const child = nestedClass(inputClass, propertyName);
    const schema = child ? objectSchema(child, path) : { type: 'object' };
    const isList = !each && designType(inputClass, propertyName) === Array;
    return isList ? { type: 'array', items: schema } : schema;
  };
  const metadata = validatorsOf(inputClass).map((validator) => ({
    ...validator,
    type:
      validator.type === ValidationTypes.CUSTOM_VALIDATION
        ? (validator.name ?? validator.type)
        : validator.type,
  }));
  const schemas = validationMetadataArrayToSchemas(metadata, {
    additionalConverters: { ...schemaConverters, [ValidationTypes.NESTED_VALIDATION]: nested },
  } as unknown as Partial<IOptions>);
  return (Object.values(schemas)[0]?.properties ?? {}) as Record<string, JsonSchema>;
}

/** The values a fresh instance has. `{}` where the class cannot be built; the boot check tells that by name. */
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

function orNull(schema: JsonSchema): JsonSchema {
  if (schema.type === undefined) return schema;
  const types = [schema.type].flat();
  if (types.includes('null')) return schema;
  return {
    ...schema,
    type: [...types, 'null'],
    ...(schema.enum ? { enum: [...schema.enum, null] } : {}),
  };
}

function wordsFor(name: string, field: FieldOptions | undefined): JsonSchema {
  const unit = field?.unit ? `Unit: ${field.unit}.` : '';
  const description = [field?.help, unit].filter(Boolean).join(' ');
  return { title: field?.title ?? toWords(name), ...(description ? { description } : {}) };
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
