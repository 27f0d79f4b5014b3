/** Facts of one task type for its declaration: an item of `roost.taskTypes()`. */
export interface DescribedTaskType {
  name: string;
  title?: string;
  summary?: string;
  /** JSON Schema of the input. */
  schema: object;
  /** JSON Schema of the result, where it is known. */
  resultSchema?: object;
}

type Schema = boolean | { readonly [keyword: string]: unknown };

/** Depth after which a schema counts as `unknown`: one that refers to itself has no end. */
const MAX_DEPTH = 12;
const PRIMITIVES: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
};

/**
 * Returns the text of a `.d.ts` file with the input and result of each task type, which types `roost.task(name)`. A field
 * is optional where the server takes the input without it. Parts of a schema that TypeScript cannot express are
 * `unknown`, never narrower than what the server accepts.
 */
export function toDeclarations(taskTypes: readonly DescribedTaskType[], module = 'roost/client'): string {
  const members = taskTypes
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, title, summary, schema, resultSchema }) => {
      const text = [title, summary].filter((part) => part).join('. ');
      const input = new TypeWriter(schema as Schema).write();
      const result = resultSchema ? new TypeWriter(resultSchema as Schema).write() : 'unknown';
      return `${comment(text, '    ')}    ${JSON.stringify(name)}: {\n${indent(`input: ${input};\nresult: ${result};`, '      ')}\n    };\n`;
    });
  return (
    '// Task types of a Roost. Generated: changes are lost.\n' +
    `import '${module}';\n\ndeclare module '${module}' {\n  interface TaskTypes {\n${members.join('')}  }\n}\n`
  );
}

/** Writes the TypeScript type of one JSON Schema (draft 2020-12). */
class TypeWriter {
  private depth = 0;

  constructor(private readonly root: Schema) {}

  write(schema: Schema = this.root): string {
    if (this.depth >= MAX_DEPTH) return 'unknown';
    this.depth++;
    try {
      return this.of(schema);
    } finally {
      this.depth--;
    }
  }

  private of(schema: Schema): string {
    if (typeof schema === 'boolean') return schema ? 'unknown' : 'never';
    const { $ref, enum: values, type, anyOf, oneOf, allOf } = schema;
    if (typeof $ref === 'string') return this.write(this.resolve($ref));
    if ('const' in schema) return literal(schema.const);
    if (Array.isArray(values)) return union(values.map(literal));
    // Each part is wider than the whole, so that an intersection of those that are known excludes nothing valid.
    const parts = [
      ...listOf(allOf).map((one) => this.write(one)),
      ...[anyOf, oneOf].flatMap((ones) => {
        const all = listOf(ones);
        return all.length > 0 ? [union(all.map((one) => this.write(one)))] : [];
      }),
      this.ofType(schema, type),
    ].filter((part) => part !== 'unknown');
    if (parts.length === 0) return 'unknown';
    const distinct = [...new Set(parts)];
    return distinct.length === 1 ? distinct[0]! : distinct.map(inParentheses).join(' & ');
  }

  private ofType(schema: Exclude<Schema, boolean>, type: unknown): string {
    if (Array.isArray(type)) return union(type.map((one) => this.ofType(schema, one)));
    if (type === 'object' || (type === undefined && schema.properties)) return this.ofObject(schema);
    if (type === 'array') return this.ofArray(schema);
    return (typeof type === 'string' && PRIMITIVES[type]) || 'unknown';
  }

  private ofObject({ properties, required, additionalProperties }: Exclude<Schema, boolean>): string {
    const needed = new Set(Array.isArray(required) ? (required as string[]) : []);
    const fields = Object.entries((properties ?? {}) as Record<string, Schema>).map(([name, schema]) => {
      const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
      const text = typeof schema === 'object' ? describe(schema) : '';
      return `${comment(text, '')}${key}${needed.has(name) ? '' : '?'}: ${this.write(schema)};`;
    });
    if (fields.length > 0) return `{\n${indent(fields.join('\n'), '  ')}\n}`;
    if (additionalProperties === false) return 'Record<string, never>';
    const value =
      typeof additionalProperties === 'object' && additionalProperties !== null
        ? this.write(additionalProperties as Schema)
        : 'unknown';
    return `Record<string, ${value}>`;
  }

  private ofArray({ prefixItems, items }: Exclude<Schema, boolean>): string {
    // A tuple of a schema may be shorter and longer than its items.
    if (Array.isArray(prefixItems)) return 'unknown[]';
    return `${inParentheses(items === undefined ? 'unknown' : this.write(items as Schema))}[]`;
  }

  private resolve(ref: string): Schema {
    if (!ref.startsWith('#')) return true;
    let found: unknown = this.root;
    for (const step of ref.slice(1).split('/').slice(1)) {
      const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
      found =
        typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[name] : undefined;
    }
    return found === undefined ? true : (found as Schema);
  }
}

function listOf(schemas: unknown): Schema[] {
  return Array.isArray(schemas) ? (schemas as Schema[]) : [];
}

/** An object or a list is wider as a type than as a constant. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return 'unknown[]';
  return typeof value === 'object' && value !== null ? 'Record<string, unknown>' : JSON.stringify(value);
}

function union(types: string[]): string {
  if (types.includes('unknown')) return 'unknown';
  const distinct = [...new Set(types)].filter((type) => type !== 'never');
  return distinct.length === 0 ? 'never' : distinct.map(inParentheses).join(' | ');
}

function inParentheses(type: string): string {
  return /[|&]/.test(type) ? `(${type})` : type;
}

/** Description of a field, with its default. */
function describe({ title, description, default: value }: Exclude<Schema, boolean>): string {
  const text = [title, description].filter((part) => typeof part === 'string' && part !== '').join('. ');
  if (value === undefined) return text;
  return `${text}${text === '' || /[.!?]$/.test(text) ? '' : '.'} Defaults to ${JSON.stringify(value)}.`.trim();
}

function comment(text: string, margin: string): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('*/', '*\\/').trim();
  return line === '' ? '' : `${margin}/** ${line} */\n`;
}

function indent(text: string, margin: string): string {
  return text.replaceAll(/^(?=.)/gm, margin);
}
