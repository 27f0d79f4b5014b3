import type { TransformFnParams, TypeHelpOptions } from 'class-transformer';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage, ValidationTypes } from 'class-validator';
import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import { getFields } from '../task-api/field.decorator.js';
import { nestedClass, transformsOf, validatorName, validatorsOf } from './input-metadata.js';
import type { InputClass, Validator } from './input-metadata.js';

/** Longest wait for the answer of a validator, ms. */
const ANSWER_MS = 5000;

/** Something that the code of an input class threw, or gave back in place of an answer. */
export interface ClassFault {
  /** The object it was about: one of the input as it was sent, or an instance of its class. None for the class as a whole. */
  object?: object | undefined;
  property?: string | undefined;
  /** Names the failing part, as in `the validator isShort`. */
  what: string;
  error: unknown;
}

/** Where faults go while an input is checked. Everything that calls a class's code begins synchronously. */
let faults: ClassFault[] | undefined;

/** Does what runs code of guarded classes; what that code throws meanwhile is added to `into`. */
export function collectFaults<T>(into: ClassFault[], work: () => T): T {
  const outer = faults;
  faults = into;
  try {
    return work();
  } finally {
    faults = outer;
  }
}

const guarded = new WeakSet<object>();

/**
 * Makes the functions that a class and the classes inside it were decorated with answer in every case while faults are
 * collected. For everybody else they stay what they were.
 */
export function guardClass(inputClass: InputClass): void {
  if (guarded.has(inputClass)) return;
  guarded.add(inputClass);
  const validators = validatorsOf(inputClass);
  const names = new Set([...getFields(inputClass).keys(), ...validators.map((one) => one.propertyName)]);
  for (const validator of validators) if (isNew(validator)) guardValidator(validator);
  for (const name of names) {
    for (const transform of transformsOf(inputClass, name)) if (isNew(transform)) guardTransform(transform);
    const type = defaultMetadataStorage.findTypeMetadata(inputClass, name);
    if (type && isNew(type)) guardType(type);
    for (const { value } of type?.options?.discriminator?.subTypes ?? []) guardClass(value as InputClass);
    const nested = quietly(() => nestedClass(inputClass, name));
    if (nested) guardClass(nested);
  }
}

function isNew(metadata: object): boolean {
  if (guarded.has(metadata)) return false;
  guarded.add(metadata);
  return true;
}

function guardTransform(metadata: ReturnType<typeof transformsOf>[number]): void {
  const { transformFn } = metadata;
  metadata.transformFn = (params: TransformFnParams) => {
    const into = faults;
    if (!into) return transformFn(params) as unknown;
    const fault = (error: unknown) => {
      into.push({ object: params.obj as object, property: params.key, what: 'its @Transform', error });
    };
    try {
      const value: unknown = transformFn(params);
      if (!isThenable(value)) return value;
      ignore(value);
      fault(new TypeError('it returned a promise: a transform has to give its value at once'));
    } catch (error) {
      fault(error);
    }
    return undefined;
  };
}

function guardType(metadata: NonNullable<ReturnType<typeof defaultMetadataStorage.findTypeMetadata>>): void {
  const { typeFunction } = metadata;
  if (typeof typeFunction !== 'function') return;
  metadata.typeFunction = (options?: TypeHelpOptions) => {
    try {
      return typeFunction(options);
    } catch (error) {
      if (!faults) throw error;
      faults.push({ object: options?.object, property: options?.property, what: 'its @Type', error });
      return Object;
    }
  };
}

function guardValidator(validator: Validator): void {
  const { message, propertyName: property } = validator;
  if (typeof message === 'function') {
    validator.message = (args) =>
      guardText(() => message(args), args, `the message of ${validatorName(validator)}`);
  }
  const guardCondition = (condition: (object: object, value: unknown) => boolean) => {
    return (object: object, value: unknown) => {
      try {
        return condition(object, value);
      } catch (error) {
        if (!faults) throw error;
        faults.push({ object, property, what: 'its @ValidateIf', error });
        return false;
      }
    };
  };
  if (validator.validateIf) validator.validateIf = guardCondition(validator.validateIf);
  if (validator.type === ValidationTypes.CONDITIONAL_VALIDATION) {
    validator.constraints = validator.constraints.map(guardCondition);
  }
  if (!validator.constraintCls) return;
  for (const constraint of getMetadataStorage().getTargetValidatorConstraints(validator.constraintCls)) {
    if (isNew(constraint)) guardConstraint(constraint, `the validator ${constraint.name}`);
  }
}

/** Wraps a constraint so that callers of its `instance` get the guarded one. */
function guardConstraint(
  constraint: { readonly instance: ValidatorConstraintInterface },
  what: string,
): void {
  const getInstance = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(constraint), 'instance')!.get!;
  const inner = () => getInstance.call(constraint) as ValidatorConstraintInterface;
  const guard: ValidatorConstraintInterface = {
    validate: (value, args) => guardAnswer(() => inner().validate(value, args), args, what),
    defaultMessage: (args) =>
      guardText(() => inner().defaultMessage?.(args) ?? '', args, `the message of ${what}`),
  };
  Object.defineProperty(constraint, 'instance', { value: guard });
}

function guardAnswer(
  ask: () => unknown,
  args: ValidationArguments | undefined,
  what: string,
): boolean | Promise<boolean> {
  const into = faults;
  if (!into) return ask() as boolean;
  const fault = (error: unknown) => {
    into.push({ object: args?.object, property: args?.property, what, error });
    return false;
  };
  const judge = (answer: unknown) => {
    if (typeof answer === 'boolean') return answer;
    // As class-validator has it: nothing is no yes.
    return answer ? fault(new TypeError('it has to answer true or false')) : false;
  };
  try {
    const answer = ask();
    return isThenable(answer) ? inTime(answer).then(judge, fault) : judge(answer);
  } catch (error) {
    return fault(error);
  }
}

async function inTime(answer: PromiseLike<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const late = () => reject(new Error(`it has not answered within ${ANSWER_MS / 1000} s`));
    timer = setTimeout(late, ANSWER_MS);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function guardText(text: () => unknown, args: ValidationArguments | undefined, what: string): string {
  const into = faults;
  if (!into) return text() as string;
  try {
    const words = text();
    if (typeof words === 'string') return words;
    throw new TypeError('it has to give text');
  } catch (error) {
    into.push({ object: args?.object, property: args?.property, what, error });
    return 'is not right';
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** A promise that nobody waits for must not end the process. */
function ignore(promise: PromiseLike<unknown>): void {
  void promise.then(undefined, () => undefined);
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
