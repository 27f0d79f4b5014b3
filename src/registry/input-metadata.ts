import 'reflect-metadata';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage, IS_EMPTY, IS_OPTIONAL, ValidationTypes } from 'class-validator';

export type InputClass = new () => object;

/** One decorator of class-validator on one property. */
export type Validator = ReturnType<
  ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']
>[number];

/** class-transformer's own number for the direction plain -> class. */
const PLAIN_TO_CLASS = 0;

/** The validators of a class and of those it extends, in no useful order. */
export function validatorsOf(inputClass: InputClass): Validator[] {
  return getMetadataStorage().getTargetValidationMetadatas(inputClass, '', true, false);
}

/** `isInt`, `maxLength`, ...: what class-validator files the failure under. */
export function validatorName(validator: Validator): string {
  return validator.name ?? validator.type;
}

/** `@IsOptional`: may be left out, and null counts as left out. */
export function isOptional(validators: Validator[]): boolean {
  return validators.some((validator) => validator.name === IS_OPTIONAL);
}

/** Whether `@ValidateIf` can switch the other validators off. */
export function isConditional(validators: Validator[]): boolean {
  return validators.some(
    ({ type, name }) => type === ValidationTypes.CONDITIONAL_VALIDATION && name !== IS_OPTIONAL,
  );
}

/** Whether the field may be missing by its validators alone: optional, conditional or meant to be empty. */
export function mayBeMissing(validators: Validator[]): boolean {
  return validators.some(
    ({ type, name }) => type === ValidationTypes.CONDITIONAL_VALIDATION || name === IS_EMPTY,
  );
}

/** Returns the class of a nested value, from `@Type` or else from TypeScript's metadata. */
export function nestedClass(owner: InputClass, property: string): InputClass | undefined {
  const declared = defaultMetadataStorage.findTypeMetadata(owner, property);
  if (declared?.options?.discriminator) return undefined;
  const type: unknown = declared ? declared.typeFunction() : designType(owner, property);
  return typeof type === 'function' && ![Object, Array].includes(type as never)
    ? (type as InputClass)
    : undefined;
}

/** Returns the type that `@Type` names; undefined where it names none, or throws. */
export function declaredType(owner: InputClass, property: string): unknown {
  try {
    return defaultMetadataStorage.findTypeMetadata(owner, property)?.typeFunction() as unknown;
  } catch {
    return undefined;
  }
}

/** The classes a `discriminator` chooses from; none without one. */
export function subTypesOf(owner: InputClass, property: string): InputClass[] {
  const subTypes = defaultMetadataStorage.findTypeMetadata(owner, property)?.options?.discriminator?.subTypes;
  return (subTypes ?? []).map(({ value }: { value: unknown }) => value as InputClass);
}

/** Whether class-transformer has anything to do for this property. */
export function isTransformed(owner: InputClass, property: string): boolean {
  return (
    defaultMetadataStorage.findTypeMetadata(owner, property) !== undefined || hasTransform(owner, property)
  );
}

/** The functions of the class's own (`@Transform`) that make this value out of what is sent. */
export function transformsOf(owner: InputClass, property: string) {
  return defaultMetadataStorage.findTransformMetadatas(owner, property, PLAIN_TO_CLASS);
}

export function hasTransform(owner: InputClass, property: string): boolean {
  return transformsOf(owner, property).length > 0;
}

/** `String`, `Number`, ... as TypeScript recorded it; `Object` for unions. */
export function designType(owner: InputClass, property: string): unknown {
  return Reflect.getMetadata('design:type', owner.prototype, property);
}
