import type { FieldProblem } from '../model/errors.js';
import { isExactNumber } from '../model/exact-number.js';
import { readDayOrTime } from '../model/iso-time.js';
import { describeValue } from './describe-schema.js';
import { declaredType, hasTransform, nestedClass, validatorsOf } from './input-metadata.js';
import type { InputClass } from './input-metadata.js';

/** Returns the problem of a value that `@Type` would convert; undefined where the conversion loses nothing. */
type Check = (value: unknown) => string | undefined;

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/**
 * `@Type(() => Date)` makes a day in 1970 of `true` and of 1, `@Type(() => Number)` 0 of an empty text, and
 * `@Type(() => Boolean)` true of "false". Only values with the same meaning before and after are accepted.
 */
const CHECKS: ReadonlyMap<unknown, Check> = new Map<unknown, Check>([
  [Date, problemWithDate],
  [
    Number,
    (value) => {
      const isNumber = typeof value === 'number' || (typeof value === 'string' && NUMBER.test(value));
      if (!isNumber) return `must be a number, not ${describeValue(value)}`;
      return isExactNumber(String(value))
        ? undefined
        : `has more digits than a number keeps: ${describeValue(value)}`;
    },
  ],
  [
    Boolean,
    (value) =>
      typeof value === 'boolean' ? undefined : `must be true or false, not ${describeValue(value)}`,
  ],
  [
    String,
    (value) =>
      ['string', 'number', 'boolean'].includes(typeof value)
        ? undefined
        : `must be text, not ${describeValue(value)}`,
  ],
]);

function problemWithDate(value: unknown): string | undefined {
  try {
    readDayOrTime(value);
    return undefined;
  } catch (error) {
    return `${(error as Error).message}, not ${describeValue(value)}`;
  }
}

/** Finds values whose meaning `@Type` would change, in the class and the classes inside it. */
export function conversionProblems(inputClass: InputClass, raw: unknown, path: string): FieldProblem[] {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return [];
  const values = raw as Record<string, unknown>;
  return fieldsOf(inputClass).flatMap(({ name, check, nested }) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    const one = (item: unknown, here: string): FieldProblem[] => {
      if (item === undefined || item === null) return [];
      const message = check?.(item);
      if (message) return [{ path: here, message }];
      return nested ? conversionProblems(nested, item, here) : [];
    };
    const here = `${path}.${name}`;
    return Array.isArray(value) ? value.flatMap((item, i) => one(item, `${here}[${i}]`)) : one(value, here);
  });
}

interface ConvertedField {
  name: string;
  check: Check | undefined;
  nested: InputClass | undefined;
}

const known = new WeakMap<InputClass, ConvertedField[]>();

function fieldsOf(inputClass: InputClass): ConvertedField[] {
  let fields = known.get(inputClass);
  if (!fields) {
    const names = new Set(validatorsOf(inputClass).map(({ propertyName }) => propertyName));
    fields = [...names].flatMap((name) => {
      const type = hasTransform(inputClass, name) ? undefined : declaredType(inputClass, name);
      const check = CHECKS.get(type);
      const nested = type && !check ? nestedClass(inputClass, name) : undefined;
      return check || nested ? [{ name, check, nested }] : [];
    });
    known.set(inputClass, fields);
  }
  return fields;
}
