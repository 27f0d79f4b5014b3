import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { isEmail, isFQDN, isIP, isURL, isUUID } from 'class-validator';
import type { FieldProblem } from '../model/errors.js';
import { readDayOrTime, readTime } from '../model/iso-time.js';
import { describeSchema, describeValue } from './describe-schema.js';
import { requiredMessage } from './structure-problems.js';
import type { JsonSchema } from './task-type.js';
import type { Checkable } from './validate-input.js';

/** Formats that are checked, each as the validator of the same name understands it. Others are words for a reader. */
export const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && isRead(readDayOrTime, text),
  'date-time': (text) => isRead(readTime, text),
  email: (text) => isEmail(text),
  hostname: (text) => isFQDN(text, { require_tld: false }),
  ipv4: (text) => isIP(text, '4'),
  ipv6: (text) => isIP(text, '6'),
  time: (text) => isRead(readTime, `2000-01-01T${text}`),
  uri: (text) => /^[a-z][a-z0-9+.-]*:/i.test(text) && URL.canParse(text),
  url: (text) => isURL(text),
  uuid: (text) => isUUID(text),
};

const ajv = new Ajv2020({ allErrors: true, strict: false, logger: false, formats: { ...FORMATS } });
const checks = new WeakMap<JsonSchema, ValidateFunction>();

function checkOf(schema: JsonSchema): ValidateFunction {
  let check = checks.get(schema);
  if (!check) checks.set(schema, (check = ajv.compile(schema)));
  return check;
}

/**
 * Lists the parts of an input, as sent, that the published schema refuses. The validators run besides: they know more
 * than a schema can express, and accept values that it refuses, such as a list that holds the same object twice.
 */
export function schemaProblems({ schema }: Checkable, raw: unknown): FieldProblem[] {
  const check = checkOf(schema);
  if (check(withoutUndefined(raw))) return [];
  const problems = new Map<string, string>();
  for (const error of check.errors ?? []) {
    // An error inside a choice is reported by the choice.
    if (/\/(anyOf|oneOf|not|if|then|else|contains)\//.test(error.schemaPath)) continue;
    const { path, value, own } = find(error, schema, raw);
    if (!problems.has(path)) problems.set(path, messageOf(error, own, value));
  }
  return [...problems].map(([path, message]) => ({ path, message }));
}

/** Why a schema cannot be used; undefined where it can. */
export function schemaFault(schema: JsonSchema): string | undefined {
  try {
    checkOf(schema);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function isRead(read: (text: string) => number, text: string): boolean {
  try {
    read(text);
    return true;
  } catch {
    return false;
  }
}

/** JSON has no undefined: what has it comes from code, and stands for what is left out. */
function withoutUndefined(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
  return Object.values(raw).includes(undefined)
    ? Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined))
    : raw;
}

function messageOf(error: ErrorObject, own: JsonSchema | undefined, value: unknown): string {
  const right = own && describeSchema(own);
  if (error.keyword === 'required') return requiredMessage(own ?? {});
  if (error.keyword === 'uniqueItems') {
    const { i, j } = error.params as { i: number; j: number };
    return `must not hold the same twice: items ${j} and ${i} are alike`;
  }
  if (error.keyword === 'additionalProperties') return 'is not a field here.';
  const isDescribed = !['format', 'pattern', 'anyOf', 'oneOf', 'allOf', 'not'].includes(error.keyword);
  if (right && isDescribed) return `must be ${right}, not ${describeValue(value)}`;
  return `${error.message ?? 'does not fit its schema'}, not ${describeValue(value)}`;
}

/** The value an error is about, with its path and its schema. */
function find({ instancePath, keyword, params }: ErrorObject, schema: JsonSchema, raw: unknown) {
  const names = instancePath
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const { missingProperty, additionalProperty } = params as Record<string, string | undefined>;
  if (keyword === 'required' && missingProperty !== undefined) names.push(missingProperty);
  if (keyword === 'additionalProperties' && additionalProperty !== undefined) names.push(additionalProperty);
  let path = 'input';
  let value: unknown = raw;
  let own: JsonSchema | undefined = schema;
  for (const name of names) {
    const isItem: boolean = Array.isArray(value);
    path += isItem ? `[${name}]` : `.${name}`;
    own = isItem ? own?.items : own?.properties?.[name];
    value = (value as Record<string, unknown> | null | undefined)?.[name];
  }
  return { path, value, own };
}
