import 'reflect-metadata';

/** How one property of an input class looks in its form and in the API's schema. All of it is optional. */
export interface FieldOptions {
  /** Label. Defaults to the property's name in words. */
  title?: string;
  /** A sentence under the field, and the schema's description. */
  help?: string;
  /** A value shown in the API docs and as the form's placeholder. */
  example?: unknown;
  /** What the form starts with; defaults to the property's default, then to the example. */
  prefill?: unknown;
  /** `textarea` for long text. Defaults to what the type suggests. */
  widget?: 'text' | 'textarea';
  /** Unit shown behind the field, such as `ms`. */
  unit?: string;
  /** Words for the values of an enumeration, in the order to show them. */
  labels?: Record<string, string>;
  /** Parts of JSON Schema that the validators cannot express; laid over the derived schema. */
  schema?: Record<string, unknown>;
}

const FIELDS = Symbol('roost:fields');

/** Marks a property of an input class as a field; fields appear in the order of declaration. */
export function Field(options: FieldOptions = {}): PropertyDecorator {
  return (prototype, property) => {
    const own: Map<string, FieldOptions> =
      Reflect.getOwnMetadata(FIELDS, prototype) ?? new Map(Reflect.getMetadata(FIELDS, prototype) ?? []);
    own.set(String(property), options);
    Reflect.defineMetadata(FIELDS, own, prototype);
  };
}

/** The fields of an input class in order of declaration, with those it inherits first. */
export function getFields(inputClass: new () => object): Map<string, FieldOptions> {
  return Reflect.getMetadata(FIELDS, inputClass.prototype) ?? new Map();
}
