import {
  type ArrayOptions,
  type IntegerOptions,
  type ObjectOptions,
  type SchemaOptions,
  type Static,
  type StringOptions,
  type TProperties,
  type TSchema,
  type TThis,
  type TUnsafe,
  Type,
} from '@sinclair/typebox';

export type { Static, TSchema } from '@sinclair/typebox';

/**
 * Builders of response and request schemas: JSON Schema, draft 2020-12, which OpenAPI 3.1 uses unchanged, with the
 * TypeScript type inferred. Only the OpenAPI document loads schemas at run time; other files import their types.
 */
export const object = Type.Object;
export const optional = Type.Optional;
export const partial = Type.Partial;
export const string = () => Type.String();
export const integer = (options: IntegerOptions = {}) => Type.Integer(options);
export const number = (options: IntegerOptions = {}) => Type.Number(options);

/** Gives a schema the name under which the document lists it; every use of it becomes a reference. */
export function named<T extends TSchema>(name: string, schema: T): T {
  return { ...schema, $id: name };
}

/** References a named schema with a description of its own. */
export function described<T extends TSchema>(schema: T, description: string): TUnsafe<Static<T>> {
  return Type.Unsafe<Static<T>>({ $ref: schema, description });
}

/** Marks an old name of a member, which stays beside the new one for one version. */
export function deprecated<T extends TSchema>(schema: T, instead: string) {
  return Type.Optional({ ...schema, deprecated: true, description: `Deprecated name of \`${instead}\`.` });
}

/** Creates a schema that contains itself, under this name. */
export function recursive<T extends TSchema>(name: string, schema: (self: TThis) => T) {
  return Type.Recursive(schema, { $id: name });
}

/** Creates the schema of a request body: unknown members are refused. */
export function closed<T extends TProperties>(members: T, options: ObjectOptions = {}) {
  return Type.Object(members, { ...options, additionalProperties: false });
}

/** Creates the schema of an object with any members. Client generators treat one without `properties` as empty otherwise. */
export function anyObject(description: string): TUnsafe<Record<string, unknown>> {
  return Type.Unsafe({ type: 'object', additionalProperties: true, description });
}

export function list<T extends TSchema>(items: T, description?: string, options: ArrayOptions = {}) {
  return Type.Array(items, { ...words(description), ...options });
}

/** Creates the schema of an answer that is one list. */
export function items<T extends TSchema>(schema: T, description?: string) {
  return Type.Object({ items: list(schema, description) });
}

export const NEXT_CURSOR = Type.Optional(
  Type.String({ description: 'Value of `cursor` for the next page. Missing on the last one.' }),
);

/** Creates the schema of one page of a list. */
export function page<T extends TSchema>(schema: T, description?: string) {
  return Type.Object({
    items: list(schema, description),
    nextCursor: NEXT_CURSOR,
  });
}

export function oneOf<const T extends readonly string[]>(values: T, description?: string) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...words(description) });
}

export function constant<const T extends string | boolean>(value: T, description?: string): TUnsafe<T> {
  return Type.Unsafe({ const: value, ...words(description) });
}

export function orNull<T extends TSchema>(schema: T, description?: string) {
  return Type.Union([schema, Type.Null()], words(description));
}

export function text(description: string, options: StringOptions = {}) {
  return Type.String({ description, ...options });
}

export function time(description: string) {
  return Type.String({ format: 'date-time', description });
}

export function flag(description?: string, options: SchemaOptions = {}) {
  return Type.Boolean({ ...words(description), ...options });
}

export function count(description: string) {
  return Type.Integer({ minimum: 0, description });
}

export function countOrNull(description: string) {
  return orNull(integer({ minimum: 0 }), description);
}

/** Creates the schema of an object with any names, whose values have one schema. */
export function record<T extends TSchema>(values: T, description?: string) {
  return Type.Unsafe<Record<string, Static<T>>>({
    type: 'object',
    additionalProperties: values,
    ...words(description),
  });
}

export function either<T extends TSchema[]>(schemas: [...T], description?: string) {
  return Type.Union(schemas, words(description));
}

export function anything(description?: string) {
  return Type.Unknown(words(description));
}

/** Takes over a JSON Schema as it is. */
export function raw<T>(schema: object): TUnsafe<T> {
  return Type.Unsafe<T>(schema);
}

function words(description: string | undefined): { description?: string } {
  return description === undefined ? {} : { description };
}
