import { validate, type ValidationError } from 'class-validator';
import { RoostError } from '../model/errors.js';
import type { FieldProblem } from '../model/errors.js';
import { nearName } from '../model/near-name.js';
import { buildInstance, canBeRead, toFieldProblems } from './build-instance.js';
import { collectFaults, guardClass, type ClassFault } from './class-faults.js';
import { conversionProblems } from './converted-values.js';
import { describeSchema, describeValue } from './describe-schema.js';
import { isOptional, isTransformed, validatorsOf } from './input-metadata.js';
import type { InputClass } from './input-metadata.js';
import { instanceSchema } from './input-schema.js';
import { compiledCheck } from './compiled-check.js';
import { structureProblems } from './structure-problems.js';
import type { JsonSchema, TaskType } from './task-type.js';
import { toProblems } from './validation-problems.js';

/** Maximum reported problems of one input; further ones are counted. */
const MAX_PROBLEMS = 50;
/** Longest unknown key repeated in a message, in UTF-16 units. */
const MAX_ECHO = 60;
/** Objects and lists inside each other, in levels. */
const MAX_DEPTH = 64;
/** Number of list items that are always validated, whatever the limit of the list. */
const MAX_VALIDATED_ITEMS = 1000;
/** Keys that a careless merge would write into JavaScript's own objects. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

export type Checkable = Pick<TaskType, 'name' | 'inputClass' | 'schema'>;

/** Lists the parts of an input, as sent, that the published schema refuses. */
export type SchemaCheck = (type: Checkable, raw: unknown) => FieldProblem[];

/**
 * Receives an error that the code of an input class threw, for its developer. The sender of the input learns only that
 * there was one. The error may quote the input.
 */
export type ReportFault = (
  error: unknown,
  fault: { type: string; field?: string; what: string; input: unknown },
) => void;

/**
 * An instance of the input class with its defaults filled in.
 * @throws RoostError INPUT_INVALID with every problem at once.
 */
export async function validateInput(
  type: Checkable,
  raw: unknown,
  report?: ReportFault,
  promised: SchemaCheck = () => [],
): Promise<object> {
  const { value, problems: own, faults = [] } = await inspectInput(type, raw);
  // Asked last: what was refused already, such as a list of a million items, may be costly to compare with a schema.
  const problems = own.length > 0 ? own : promised(type, raw);
  if (report) {
    for (const { error, what, property } of faults) {
      report(error, { type: type.name, what, input: raw, ...(property ? { field: property } : {}) });
    }
  }
  const [first] = problems;
  if (!first) return value;
  const shown = problems.slice(0, MAX_PROBLEMS);
  if (problems.length > shown.length) {
    shown.push({ path: 'input', message: `and ${problems.length - shown.length} more problems` });
  }
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  throw new RoostError('INPUT_INVALID', `${first.path}: ${first.message}${more}`, shown);
}

/** True if a glance shows that nothing is wrong; `validateInput` has to decide otherwise. */
export function isPlainlyValid(type: Checkable, raw: unknown, promised: SchemaCheck = () => []): boolean {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return false;
  return quickly(type, raw as Record<string, unknown>) !== undefined && promised(type, raw).length === 0;
}

interface Inspection {
  value: object;
  problems: FieldProblem[];
  faults?: ClassFault[];
}

/** The instance, and what is wrong with it: nothing when `problems` is empty. */
export async function inspectInput(type: Checkable, raw: unknown): Promise<Inspection> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return { value: {}, problems: [{ path: 'input', message: noObject(type, raw) }] };
  }
  const input = raw as Record<string, unknown>;
  const value = quickly(type, input);
  return value ? { value, problems: [] } : inspectClosely(type, input);
}

/** The instance where nothing is wrong and a glance shows it. */
function quickly(type: Checkable, input: Record<string, unknown>): object | undefined {
  const { fields, isRight, transformed } = planOf(type);
  if (!isRight) return undefined;
  for (const [name, value] of Object.entries(input)) {
    if (!fields.has(name) || (typeof value === 'object' && value !== null)) return undefined;
  }
  if (transformed && conversionProblems(type.inputClass, input, 'input').length > 0) return undefined;
  const faults: ClassFault[] = [];
  const value = buildInstance(type.inputClass, transformed, known(type, input), faults);
  if (!value) return undefined;
  try {
    return collectFaults(faults, () => isRight(value)) && faults.length === 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

async function inspectClosely(type: Checkable, input: Record<string, unknown>): Promise<Inspection> {
  const unsafe = Object.entries(input).flatMap(([key, value]) => unsafeKeys(value, `input.${key}`, 1));
  const problems = [...unknownFields(type, input), ...unsafe];
  const floods = Object.entries(input).flatMap(([key, value]) =>
    flood(value, `input.${key}`, type.schema.properties?.[key]),
  );
  // Not passed to class-transformer and class-validator, which would walk all of it.
  if (unsafe.length + floods.length > 0) return { value: {}, problems: [...problems, ...floods] };
  const { names, transformed, instance } = planOf(type);
  const faults: ClassFault[] = [];
  // Transforms and validators change a copy: the input is stored, and run, as it was sent.
  const values = known(type, copy(input) as Record<string, unknown>);
  const value = buildInstance(type.inputClass, transformed, values, faults);
  if (!value || !canBeRead(value, names, faults)) {
    return { value: {}, problems: [...problems, ...toFieldProblems(faults, [values, value ?? {}])], faults };
  }
  const errors = await judge(value, faults);
  const own = toFieldProblems(faults, [values, value]);
  const converted = conversionProblems(type.inputClass, input, 'input').filter(
    ({ path }) => !own.some((one) => one.path === path),
  );
  own.push(...converted);
  const structure = structureProblems(value, instance, 'input');
  const reported = new Set([...structure, ...own].map(({ path }) => path));
  const others = toProblems(errors, 'input', instance).filter(({ path }) => !isWithin(path, reported));
  const shapes = structure.filter(({ path }) => !own.some((one) => one.path === path));
  return { value, problems: [...problems, ...own, ...others, ...shapes], faults };
}

async function judge(value: object, faults: ClassFault[]): Promise<ValidationError[]> {
  try {
    // Unknown fields of nested objects are found here; the outer object has none left.
    const options = { forbidUnknownValues: true, whitelist: true, forbidNonWhitelisted: true };
    return await collectFaults(faults, () => validate(value, options));
  } catch (error) {
    faults.push({ what: 'the class of the input', error });
    return [];
  }
}

/**
 * Whether a problem's path is one of these or leads through one: `input.a[0].b` is within `input.a`.
 * A value of the wrong shape gets one problem; problems that follow from it are left out.
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
  if (
    !schema ||
    !Array.isArray(value) ||
    value.length <= Math.max(MAX_VALIDATED_ITEMS, schema.maxItems ?? Infinity)
  )
    return [];
  return [{ path, message: `must be ${describeSchema(schema)}, not ${describeValue(value)}` }];
}

/** Returns the fields of the input that the class declares. */
function known(type: Checkable, input: Record<string, unknown>): Record<string, unknown> {
  const { names, optional } = planOf(type);
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const value = Object.hasOwn(input, name) ? input[name] : undefined;
    // For an optional field null has the same meaning as no value.
    if (value === undefined || (value === null && optional.has(name))) continue;
    values[name] = value;
  }
  return values;
}

/** Copies a JSON value. Its depth has been checked. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copy(inner)]));
}

/** Facts about an input class that need no input. */
interface Plan {
  names: string[];
  fields: ReadonlySet<string>;
  transformed: boolean;
  optional: ReadonlySet<string>;
  isRight: ((object: object) => boolean) | undefined;
  /** The schema of what the class makes of an input. */
  instance: JsonSchema;
}

const plans = new WeakMap<InputClass, Plan>();

function planOf({ inputClass, schema }: Checkable): Plan {
  let found = plans.get(inputClass);
  if (!found) {
    guardClass(inputClass);
    const names = Object.keys(schema.properties ?? {});
    const validators = validatorsOf(inputClass);
    found = {
      names,
      fields: new Set(names),
      transformed: names.some((name) => isTransformed(inputClass, name)),
      optional: new Set(
        validators.filter((validator) => isOptional([validator])).map((one) => one.propertyName),
      ),
      isRight: compiledCheck(inputClass, names),
      instance: instanceSchema(inputClass),
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
    // Only the count is reported beyond the limit, so no suggestions are computed.
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
