import 'reflect-metadata';

/** Presentation of one property of an input class in its form and in the API's schema. Everything is optional. */
export interface FieldOptions {
  /** Label. Defaults to the property's name in words. */
  title?: string;
  /** Sentence under the field, and the schema's description. */
  help?: string;
  /** Example in the API docs, and the form's placeholder. */
  example?: unknown;
  /** Initial value of the form; defaults to the property's default, then to the example. */
  prefill?: unknown;
  /** `textarea` for long text. Defaults to the usual one for the type. */
  widget?: 'text' | 'textarea';
  /** Unit shown behind the field, such as `ms`. */
  unit?: string;
  /** Labels for the values of an enumeration, in display order. */
  labels?: Record<string, string>;
  /** Parts of JSON Schema that the validators cannot express. Merged over the derived schema. */
  schema?: Record<string, unknown>;
}

const FIELDS = Symbol('roost:fields');

/** Marks a property of an input class as a field. Fields appear in the order of declaration. */
export function Field(options: FieldOptions = {}): PropertyDecorator {
  return (prototype, property) => {
    const own: Map<string, FieldOptions> =
      Reflect.getOwnMetadata(FIELDS, prototype) ?? new Map(Reflect.getMetadata(FIELDS, prototype) ?? []);
    own.set(String(property), options);
    Reflect.defineMetadata(FIELDS, own, prototype);
  };
}

/** Returns the fields of an input class in order of declaration, inherited ones first. */
export function getFields(inputClass: new () => object): Map<string, FieldOptions> {
  return Reflect.getMetadata(FIELDS, inputClass.prototype) ?? new Map();
}
