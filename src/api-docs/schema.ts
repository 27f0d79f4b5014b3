/** JSON Schema of draft 2020-12, which OpenAPI 3.1 uses as it is. */
export type Schema = Record<string, unknown>;
export type Schemas = Record<string, Schema>;

export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** An object whose members are all required but for those named. */
export function object(properties: Schemas, optional: readonly string[] = [], more: Schema = {}): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}), ...more };
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
