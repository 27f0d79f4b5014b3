import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { IS_DATE, IS_INSTANCE, MAX_DATE, MIN_DATE, ValidationTypes } from 'class-validator';
import { getFields } from '../task-api/field.decorator.js';
import {
  declaredType,
  designType,
  hasTransform,
  nestedClass,
  subTypesOf,
  validatorsOf,
} from './input-metadata.js';
import type { InputClass, Validator } from './input-metadata.js';

/** Classes that JavaScript brings along and that hold no fields. */
const NO_FIELDS: ReadonlySet<unknown> = new Set([String, Number, Boolean, Date, Object, Array, Map, Set]);
const DATES: ReadonlySet<string | undefined> = new Set([IS_DATE, MIN_DATE, MAX_DATE]);

/**
 * Decorators with which every input would be refused, or taken otherwise than it was sent; each with its cure, of the
 * classes inside as well. `nameOf` gives a class's name with its file.
 */
export function decoratorProblems(
  inputClass: InputClass,
  nameOf: (inputClass: InputClass) => string,
  seen = new Set<InputClass>(),
): string[] {
  if (seen.has(inputClass)) return [];
  seen.add(inputClass);
  const validators = validatorsOf(inputClass);
  const names = new Set([...getFields(inputClass).keys(), ...validators.map((one) => one.propertyName)]);
  const place = (property: string) => {
    const name = nameOf(inputClass);
    return name.startsWith(inputClass.name)
      ? `${inputClass.name}.${property}${name.slice(inputClass.name.length)}`
      : `${name}.${property}`;
  };
  const inner = [...names].flatMap((name) => innerClasses(inputClass, name));
  return [
    ...exposureProblems(inputClass, nameOf(inputClass), place),
    ...validators.flatMap((validator) =>
      validatorProblems(inputClass, validator, place(validator.propertyName)),
    ),
    ...inner.flatMap((one) => decoratorProblems(one, nameOf, seen)),
  ];
}

function validatorProblems(
  inputClass: InputClass,
  { type, name, propertyName, constraints }: Validator,
  field: string,
): string[] {
  if (hasTransform(inputClass, propertyName)) return [];
  const declared = declaredType(inputClass, propertyName);
  if (DATES.has(name) && declared !== Date) {
    return [`${field} is a date by its validators, but JSON has none. Add @Type(() => Date).`];
  }
  if (name === IS_INSTANCE && !isOrExtends(declared, constraints[0])) {
    const wanted = (constraints[0] as { name?: string } | undefined)?.name ?? 'Inner';
    return [
      `${field} is an instance by @IsInstance(), but JSON has plain objects. Add @Type(() => ${wanted}).`,
    ];
  }
  if (type !== ValidationTypes.NESTED_VALIDATION) return [];
  if (subTypesOf(inputClass, propertyName).length > 0) return [];
  const recorded = designType(inputClass, propertyName);
  const nested = nestedClass(inputClass, propertyName);
  const plain = [declared, recorded].find((one) => NO_FIELDS.has(one) && one !== Object && one !== Array);
  if (plain) {
    const { name: what } = plain as { name: string };
    return [
      `${field} has @ValidateNested(), which is for objects, and is of ${what}. Leave it out; a validator such as @IsString() does it.`,
    ];
  }
  if (typeof declared !== 'function' || NO_FIELDS.has(declared)) {
    const example = nested?.name ?? (recorded === Array ? 'Item' : 'Inner');
    return [`${field} has @ValidateNested() and no class to make. Add @Type(() => ${example}).`];
  }
  if (!nested || validatorsOf(nested).length > 0) return [];
  return [`${field} is of ${nested.name}, which has no validators. Add some, such as @IsString().`];
}

/** Lists fields whose names `@Expose` changes: an input is stored, shown and passed on under the names it was sent with. */
function exposureProblems(
  inputClass: InputClass,
  className: string,
  place: (property: string) => string,
): string[] {
  const excluded = defaultMetadataStorage.getExcludedMetadatas(inputClass);
  const exposed = defaultMetadataStorage.getExposedMetadatas(inputClass);
  const problems: string[] = [];
  if (defaultMetadataStorage.getStrategy(inputClass) === 'excludeAll') {
    problems.push(
      `${className} has @Exclude(), and an input has the fields it is declared with. Leave it out.`,
    );
  }
  for (const { propertyName, options = {} } of excluded) {
    if (propertyName !== undefined && !options.toPlainOnly) {
      problems.push(
        `${place(propertyName)} has @Exclude(): what is sent for it would be thrown away. Leave out @Exclude(), or the field.`,
      );
    }
  }
  for (const { propertyName, options = {} } of exposed) {
    if (propertyName === undefined) continue;
    if (options.name !== undefined && options.name !== propertyName) {
      problems.push(
        `${place(propertyName)} has @Expose({ name: '${options.name}' }), but a field has one name in form, schema and handler. Rename the property to ${options.name}, or leave out the name; @Field({ title }) is for its label.`,
      );
    } else if (
      options.groups?.length ||
      options.since !== undefined ||
      options.until !== undefined ||
      options.toPlainOnly
    ) {
      problems.push(
        `${place(propertyName)} has @Expose() with conditions (groups, since, until, toPlainOnly), and inputs know none of them. Leave them out.`,
      );
    }
  }
  return problems;
}

function innerClasses(inputClass: InputClass, property: string): InputClass[] {
  const subTypes = subTypesOf(inputClass, property);
  if (subTypes.length > 0) return subTypes;
  const declared = declaredType(inputClass, property);
  return typeof declared === 'function' && !NO_FIELDS.has(declared) ? [declared as InputClass] : [];
}

function isOrExtends(declared: unknown, wanted: unknown): boolean {
  if (typeof declared !== 'function' || typeof wanted !== 'function') return false;
  return declared === wanted || declared.prototype instanceof wanted;
}
