type Json = Record<string, unknown>;

/** Refers to a schema of the document by name. */
export function ref(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** Replaces every named schema inside a value by a reference, and adds the schemas to `found` by their names. */
export function extractSchemas(value: unknown, found: Json): unknown {
  if (Array.isArray(value)) return value.map((item) => extractSchemas(item, found));
  if (typeof value !== 'object' || value === null) return value;
  const { $id: name, ...schema } = value as Json;
  if (typeof name !== 'string') return membersOf(schema, found);
  if (!Object.hasOwn(found, name)) {
    // Reserves the name before its members are read, because they may refer to it.
    found[name] = {};
    found[name] = membersOf(schema, found);
  }
  return ref(name);
}

function membersOf(schema: Json, found: Json): Json {
  return Object.fromEntries(
    Object.entries(schema).map(([key, member]) => {
      if (key !== '$ref') return [key, extractSchemas(member, found)];
      // A reference with a description holds the schema itself; a recursive one holds its name.
      if (typeof member === 'object') return [key, (extractSchemas(member, found) as Json).$ref];
      return [key, String(member).startsWith('#') ? member : ref(String(member)).$ref];
    }),
  );
}
