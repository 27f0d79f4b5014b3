import { getFields } from '../task-api/field.decorator.js';
import type { FieldOptions } from '../task-api/field.decorator.js';
import type { InputClass } from './input-metadata.js';
import type { FieldKind, FormField, JsonSchema } from './task-type.js';
import { toLabel } from './field-labels.js';

/** Text that may grow longer than this gets a textarea, in characters. */
const SINGLE_LINE = 200;

/** The fields of a form, in the order of declaration, from the class's schema and its `@Field`s. */
export function formFields(inputClass: InputClass, schema: JsonSchema): FormField[] {
  return [...getFields(inputClass)].map(([name, options]) => {
    const property = schema.properties?.[name] ?? {};
    const kind = kindOf(property, options);
    const required = kind !== 'boolean' && (schema.required?.includes(name) ?? false);
    const prefill = options.prefill ?? property.default ?? options.example;
    return defined({
      name,
      title: options.title ?? toLabel(name),
      help: options.help,
      kind,
      required,
      unit: options.unit,
      placeholder: placeholder(kind, options),
      default: property.default,
      prefill,
      ...limits(kind, property),
      choices: kind === 'select' ? choices(property, options) : undefined,
    });
  });
}

/** The JSON types a value may have, null left aside. */
function typesOf(schema: JsonSchema): string[] {
  return [schema.type ?? []].flat().filter((type) => type !== 'null');
}

function kindOf(schema: JsonSchema, options: FieldOptions): FieldKind {
  if (schema.enum) return 'select';
  const types = typesOf(schema);
  if (types.includes('string')) {
    const long = schema.maxLength !== undefined && schema.maxLength > SINGLE_LINE && types.length === 1;
    return options.widget ?? (long ? 'textarea' : 'text');
  }
  const [type] = types;
  if (types.length !== 1 || type === 'array' || type === 'object') return 'json';
  return type as 'integer' | 'number' | 'boolean';
}

function limits(kind: FieldKind, schema: JsonSchema): Pick<FormField, 'min' | 'max' | 'maxLength'> {
  if (kind === 'text' || kind === 'textarea') return { maxLength: schema.maxLength };
  if (kind === 'number') return { min: schema.minimum, max: schema.maximum };
  if (kind !== 'integer') return {};
  return {
    min: schema.minimum ?? (schema.exclusiveMinimum === undefined ? undefined : schema.exclusiveMinimum + 1),
    max: schema.maximum ?? (schema.exclusiveMaximum === undefined ? undefined : schema.exclusiveMaximum - 1),
  };
}

function choices(schema: JsonSchema, { labels = {} }: FieldOptions): FormField['choices'] {
  const values = (schema.enum ?? []).filter((value) => value !== null).map(String);
  const labelled = Object.keys(labels).filter((value) => values.includes(value));
  return [...new Set([...labelled, ...values])].map((value) => ({
    value,
    label: labels[value] ?? toLabel(value),
  }));
}

function placeholder(kind: FieldKind, { example }: FieldOptions): string | undefined {
  if (example === undefined || kind === 'select' || kind === 'boolean') return undefined;
  return typeof example === 'object' ? JSON.stringify(example) : String(example);
}

function defined(field: FormField): FormField {
  return Object.fromEntries(
    Object.entries(field).filter(([, value]) => value !== undefined),
  ) as unknown as FormField;
}
