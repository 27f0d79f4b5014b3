/** JSON Schema, draft 2020-12, which OpenAPI 3.1 uses unchanged. */
export type Schema = Record<string, unknown>;
export type Schemas = Record<string, Schema>;

export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** Creates an object schema in which all members are required except the listed ones. */
export function object(properties: Schemas, optional: readonly string[] = [], more: Schema = {}): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}), ...more };
}

/** Creates the schema of an object with any members. Client generators treat one without `properties` as empty otherwise. */
export function anyObject(description: string): Schema {
  return { type: 'object', additionalProperties: true, description };
}

export function list(items: Schema, more: Schema = {}): Schema {
  return { type: 'array', items, ...more };
}

export function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }] };
}

export function time(description: string): Schema {
  return { type: 'string', format: 'date-time', description };
}

export function count(description: string): Schema {
  return { type: 'integer', minimum: 0, description };
}

export function text(description: string, more: Schema = {}): Schema {
  return { type: 'string', description, ...more };
}
