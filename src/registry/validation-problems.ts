import * as cv from 'class-validator';
import type { ValidationError } from 'class-validator';
import type { FieldProblem } from '../model/errors.js';
import { nearName } from '../model/near-name.js';
import { describeSchema, describeValue } from './describe-schema.js';
import { validatorName, validatorsOf } from './input-metadata.js';
import type { InputClass, Validator } from './input-metadata.js';
import { requiredMessage } from './structure-problems.js';
import type { JsonSchema } from './task-type.js';

/** Validators that the schema expresses completely. If any of them fails, one sentence has all bounds. */
const EXPRESSED_BY_SCHEMA: ReadonlySet<string> = new Set([
  cv.IS_INT,
  cv.IS_NUMBER,
  cv.IS_POSITIVE,
  cv.IS_NEGATIVE,
  cv.MIN,
  cv.MAX,
  cv.IS_DIVISIBLE_BY,
  cv.IS_STRING,
  cv.IS_LENGTH,
  cv.MIN_LENGTH,
  cv.MAX_LENGTH,
  cv.IS_NOT_EMPTY,
  cv.ValidationTypes.IS_DEFINED,
  cv.IS_EMAIL,
  cv.IS_URL,
  cv.IS_UUID,
  cv.IS_BOOLEAN,
  cv.IS_IN,
  cv.IS_ENUM,
  cv.IS_ARRAY,
  cv.ARRAY_MIN_SIZE,
  cv.ARRAY_MAX_SIZE,
  cv.ARRAY_NOT_EMPTY,
  cv.IS_OBJECT,
  cv.ValidationTypes.NESTED_VALIDATION,
]);

/** class-validator's errors as one problem per wrong value, with its path and a sentence on valid values. */
export function toProblems(errors: ValidationError[], path: string, schema: JsonSchema): FieldProblem[] {
  return errors
    .filter((error) => !isUndeclaredButUnsent(error))
    .flatMap((error) => {
      const isItem = Array.isArray(error.target);
      const here = isItem ? `${path}[${error.property}]` : `${path}.${error.property}`;
      const own = (isItem ? schema.items : schema.properties?.[error.property]) ?? {};
      const problems: FieldProblem[] = [];
      if (error.constraints) problems.push({ path: here, message: sentence(error, own, schema) });
      return [...problems, ...toProblems(error.children ?? [], here, own)];
    });
}

/** A property of a nested class without validators: there on every instance, and nobody sent it. */
function isUndeclaredButUnsent({ constraints, value }: ValidationError): boolean {
  return constraints?.[cv.ValidationTypes.WHITELIST] !== undefined && value === undefined;
}

function sentence(error: ValidationError, schema: JsonSchema, owner: JsonSchema): string {
  const failures = Object.entries(error.constraints ?? {});
  if (failures.some(([name]) => name === cv.ValidationTypes.WHITELIST)) return unknownField(error, owner);
  if (failures.some(([name]) => name === 'unknownValue')) return 'must be an object';
  const right = describeSchema(schema);
  if (error.value === undefined) return requiredMessage(schema);
  const validators = validatorsOfTarget(error);
  const bySchema = ([name]: [string, string]) =>
    right !== undefined && EXPRESSED_BY_SCHEMA.has(name) && !hasOwnMessage(name, validators);
  // For a list with wrong items only the rule is known here, not which item broke it.
  const items =
    Array.isArray(error.value) &&
    validators.some((one) => one.each && error.constraints?.[validatorName(one)]);
  const found = items ? '' : `, not ${describeValue(error.value)}`;
  const reported = failures.some(bySchema) ? [`must be ${right}${found}`] : [];
  const others = failures
    .filter((failure) => !bySchema(failure))
    .map(([, text]) => withoutName(text, error.property));
  return [...reported, ...others].join('; ');
}

function unknownField({ property }: ValidationError, owner: JsonSchema): string {
  const names = Object.keys(owner.properties ?? {});
  const near = nearName(property, names);
  return `is not a field here.${near ? ` Did you mean \`${near}\`?` : ''} Fields: ${names.join(', ')}.`;
}

function validatorsOfTarget(error: ValidationError): Validator[] {
  const target = error.target;
  if (target === undefined || Array.isArray(target)) return [];
  return validatorsOf(target.constructor as InputClass).filter((one) => one.propertyName === error.property);
}

/** Whether the decorator was given a `message`. `ValidateNested` always has one, of the library's. */
function hasOwnMessage(name: string, validators: Validator[]): boolean {
  if (name === cv.ValidationTypes.NESTED_VALIDATION) return false;
  return validators.some((validator) => validatorName(validator) === name && Boolean(validator.message));
}

/** Removes the property's name, with which class-validator begins a message: the path has it already. */
function withoutName(text: string, property: string): string {
  return text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
}
