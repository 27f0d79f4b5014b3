import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import { RoostError } from '../contract/errors.js';
import type { FieldProblem } from '../contract/errors.js';
import { nearName } from '../contract/near-name.js';
import { describeSchema, describeValue } from './describe-schema.js';
import { isOptional, isTransformed, validatorsOf } from './input-metadata.js';
import type { InputClass } from './input-metadata.js';
import { quickCheck } from './quick-check.js';
import { structureProblems } from './structure-problems.js';
import type { JsonSchema, TaskType } from './task-type.js';
import { toProblems } from './validation-problems.js';

/** As many problems as are told at once; what is wrong beyond them is counted. */
const MAX_PROBLEMS = 50;
/** Longest unknown key repeated in a message, in UTF-16 units. */
const MAX_ECHO = 60;
/** Objects and lists inside each other, in levels. */
const MAX_DEPTH = 64;
/** Items of a list that are always looked at one by one, whatever its limit. */
const FLOOD = 1000;
/** Keys that reach into JavaScript's own objects when somebody merges carelessly later on. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

export type Checkable = Pick<TaskType, 'name' | 'inputClass' | 'schema'>;

/**
 * An instance of the input class with its defaults filled in.
 * @throws RoostError INPUT_INVALID with every problem at once.
 */
export async function validateInput(type: Checkable, raw: unknown): Promise<object> {
  const { value, problems } = await inspectInput(type, raw);
  const [first] = problems;
  if (!first) return value;
  const told = problems.slice(0, MAX_PROBLEMS);
  if (problems.length > told.length) {
    told.push({ path: 'input', message: `and ${problems.length - told.length} more problems` });
  }
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  throw new RoostError('INPUT_INVALID', `${first.path}: ${first.message}${more}`, told);
}

/** The instance, and what is wrong with it: nothing when `problems` is empty. */
export async function inspectInput(
  type: Checkable,
  raw: unknown,
): Promise<{ value: object; problems: FieldProblem[] }> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return { value: {}, problems: [{ path: 'input', message: noObject(type, raw) }] };
  }
  const input = raw as Record<string, unknown>;
  const value = quickly(type, input);
  return value ? { value, problems: [] } : inspectClosely(type, input);
}

/** The instance where nothing is wrong and a glance shows it. */
function quickly(type: Checkable, input: Record<string, unknown>): object | undefined {
  const { fields, isRight } = planOf(type);
  if (!isRight) return undefined;
  for (const name of Object.keys(input)) if (!fields.has(name)) return undefined;
  const value = instantiate(type, input);
  return isRight(value) ? value : undefined;
}

async function inspectClosely(
  type: Checkable,
  input: Record<string, unknown>,
): Promise<{ value: object; problems: FieldProblem[] }> {
  const unsafe = Object.entries(input).flatMap(([key, value]) => unsafeKeys(value, `input.${key}`, 1));
  const problems = [...unknownFields(type, input), ...unsafe];
  const floods = Object.entries(input).flatMap(([key, value]) =>
    flood(value, `input.${key}`, type.schema.properties?.[key]),
  );
  // Not handed on to class-transformer and class-validator, which walk all of it.
  if (unsafe.length + floods.length > 0) return { value: {}, problems: [...problems, ...floods] };
  const value = instantiate(type, input);
  // Unknown fields of nested objects are found here; the outer object has none left.
  const errors = await validate(value, {
    forbidUnknownValues: true,
    whitelist: true,
    forbidNonWhitelisted: true,
  });
  const structure = structureProblems(value, type.schema, 'input');
  const shapeless = new Set(structure.map(({ path }) => path));
  const others = toProblems(errors, 'input', type.schema).filter(({ path }) => !isWithin(path, shapeless));
  return { value, problems: [...problems, ...others, ...structure] };
}

/**
 * Whether a problem's path is one of these or leads through one: `input.a[0].b` is within `input.a`.
 * Of a value of the wrong shape only that is told, not what follows from it.
 */
export function isWithin(path: string, outer: ReadonlySet<string>): boolean {
  for (
    let end = path.length;
    end > 0;
    end = Math.max(path.lastIndexOf('.', end - 1), path.lastIndexOf('[', end - 1))
  ) {
    if (outer.has(path.slice(0, end))) return true;
  }
  return false;
}

/** A list far beyond its limit: judging each item takes some 0.1 ms, and a body holds tens of thousands. */
function flood(value: unknown, path: string, schema: JsonSchema | undefined): FieldProblem[] {
  if (!schema || !Array.isArray(value) || value.length <= Math.max(FLOOD, schema.maxItems ?? Infinity))
    return [];
  return [{ path, message: `must be ${describeSchema(schema)}, not ${describeValue(value)}` }];
}

function instantiate(type: Checkable, input: Record<string, unknown>): object {
  const { names, transformed, optional } = planOf(type);
  const known: Record<string, unknown> = {};
  for (const name of names) {
    const value = Object.hasOwn(input, name) ? input[name] : undefined;
    // For an optional field null says the same as leaving it out.
    if (value === undefined || (value === null && optional.has(name))) continue;
    known[name] = value;
  }
  return transformed ? plainToInstance(type.inputClass, known) : Object.assign(new type.inputClass(), known);
}

/** What can be known of an input class before there is any input. */
interface Plan {
  names: string[];
  fields: ReadonlySet<string>;
  transformed: boolean;
  optional: ReadonlySet<string>;
  isRight: ((object: object) => boolean) | undefined;
}

const plans = new WeakMap<InputClass, Plan>();

function planOf({ inputClass, schema }: Checkable): Plan {
  let found = plans.get(inputClass);
  if (!found) {
    const names = Object.keys(schema.properties ?? {});
    const validators = validatorsOf(inputClass);
    found = {
      names,
      fields: new Set(names),
      transformed: names.some((name) => isTransformed(inputClass, name)),
      optional: new Set(
        validators.filter((validator) => isOptional([validator])).map((one) => one.propertyName),
      ),
      isRight: quickCheck(inputClass, names),
    };
    plans.set(inputClass, found);
  }
  return found;
}

function noObject(type: Checkable, raw: unknown): string {
  const example = JSON.stringify(exampleOf(type.schema));
  const wanted = `an object${example.length < 200 ? ` such as ${example}` : ''}`;
  return raw === undefined ? `is required: ${wanted}` : `must be ${wanted}, not ${describeValue(raw)}`;
}

function exampleOf({ properties = {}, required = [] }: JsonSchema): Record<string, unknown> {
  return Object.fromEntries(required.map((name) => [name, properties[name]?.examples?.[0] ?? '...']));
}

function unknownFields(type: Checkable, input: Record<string, unknown>): FieldProblem[] {
  const { names, fields } = planOf(type);
  const unknown = Object.keys(input).filter((key) => !fields.has(key));
  return unknown.map((key, index) => {
    // Past the limit only the count is told, so no time goes into guessing.
    const near = index < MAX_PROBLEMS ? nearName(key, names) : undefined;
    const shown = key.length > MAX_ECHO ? `${key.slice(0, MAX_ECHO)}...` : key;
    const hint = near ? ` Did you mean \`${near}\`?` : '';
    const message = `\`${shown}\` is not a field of ${type.name}.${hint} Fields: ${names.join(', ')}.`;
    return { path: `input.${shown}`, message };
  });
}

/** Dangerous keys anywhere inside a value, and nesting without end. */
function unsafeKeys(value: unknown, path: string, depth: number): FieldProblem[] {
  if (typeof value !== 'object' || value === null) return [];
  if (depth > MAX_DEPTH) return [{ path: 'input', message: `is nested deeper than ${MAX_DEPTH} levels` }];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => unsafeKeys(item, `${path}[${index}]`, depth + 1));
  }
  return Object.entries(value).flatMap(([key, item]) =>
    FORBIDDEN_KEYS.has(key)
      ? [{ path: `${path}.${key}`, message: `\`${key}\` cannot be used as a name here: rename it.` }]
      : unsafeKeys(item, `${path}.${key}`, depth + 1),
  );
}
