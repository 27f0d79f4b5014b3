import { getMetadataStorage, ValidationTypes } from 'class-validator';
import { isOptional, validatorsOf } from './input-metadata.js';
import type { InputClass, Validator } from './input-metadata.js';

/** One of class-validator's own functions with what the decorator was given. */
type Check = (value: unknown, object: object) => unknown;

interface QuickField {
  name: string;
  optional: boolean;
  checks: Check[];
}

/**
 * Returns a fast check for instances whose fields are numbers, texts or booleans, as most inputs are: class-validator
 * takes ten times as long. It calls the same functions as class-validator. False means that class-validator has to
 * decide, also where a validator depends on more than the value.
 *
 * Undefined for classes for which the check could never return true.
 */
export function compiledCheck(
  inputClass: InputClass,
  names: readonly string[],
): ((object: object) => boolean) | undefined {
  const validators = validatorsOf(inputClass);
  if (validators.length === 0 || !validators.every(isPlain)) return undefined;
  // An undeclared field is an error, which only the full check describes.
  if (!Object.keys(new inputClass()).every((name) => names.includes(name))) return undefined;
  const fields = names.map((name): QuickField => {
    const own = validators.filter(({ propertyName }) => propertyName === name);
    return { name, optional: isOptional(own), checks: own.flatMap(checksOf) };
  });
  if (fields.some(({ checks }) => checks.length === 0)) return undefined;
  return (object) => fields.every((field) => passes(field, object));
}

function isPlain(validator: Validator): boolean {
  if (validator.type === ValidationTypes.CONDITIONAL_VALIDATION) return isOptional([validator]);
  return (
    validator.type === ValidationTypes.CUSTOM_VALIDATION &&
    !validator.each &&
    validator.validateIf === undefined &&
    constraintsOf(validator).every((constraint) => !constraint.async)
  );
}

function constraintsOf({ constraintCls }: Validator) {
  return getMetadataStorage().getTargetValidatorConstraints(constraintCls);
}

function checksOf(validator: Validator): Check[] {
  if (validator.type === ValidationTypes.CONDITIONAL_VALIDATION) return [];
  const { propertyName: property, constraints } = validator;
  return constraintsOf(validator).map(({ instance }) => (value, object) => {
    const targetName = object.constructor.name;
    return instance.validate(value, { targetName, property, object, value, constraints });
  });
}

function passes({ name, optional, checks }: QuickField, object: object): boolean {
  const value = (object as Record<string, unknown>)[name];
  if (value === undefined || value === null) return value === undefined && optional;
  if (typeof value === 'object' || typeof value === 'function') return false;
  for (const check of checks) if (check(value, object) !== true) return false;
  return true;
}
