type Json = Record<string, unknown>;

/** Refers to a schema of the document by name. */
export function ref(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/**
 * Replaces every named schema inside a value by a reference, and adds the schemas to `found` by their names.
 * @throws Error if two schemas have one name
 */
export function extractSchemas(value: unknown, found: Json): unknown {
  const sources = new Map<string, string>();
  const extract = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(extract);
    if (typeof part !== 'object' || part === null) return part;
    const { $id: name, ...schema } = part as Json;
    if (typeof name !== 'string') return membersOf(schema);
    const source = JSON.stringify(schema);
    if ((sources.get(name) ?? source) !== source) throw new Error(`Two schemas have the name ${name}.`);
    if (!sources.has(name)) {
      // Reserves the name before its members are read, because they may refer to it.
      sources.set(name, source);
      found[name] = {};
      found[name] = membersOf(schema);
    }
    return ref(name);
  };

  const membersOf = (schema: Json): Json =>
    Object.fromEntries(
      Object.entries(schema).map(([key, member]) => {
        if (key !== '$ref') return [key, extract(member)];
        // A reference with a description holds the schema itself; a recursive one holds its name.
        if (typeof member === 'object') return [key, (extract(member) as Json).$ref];
        return [key, String(member).startsWith('#') ? member : ref(String(member)).$ref];
      }),
    );

  return extract(value);
}
