/*
 * Lossless JSON. JavaScript values cannot represent all JSON: numbers with more digits or a larger range than a
 * double; digits that `JSON.stringify` writes differently (`0.10`, `1E3`, `-0`); repeated names in an object, and
 * their order. Only such values are represented as `Digits` and `Members`, all others as plain values.
 */

let preserved = 0;

/** Number represented by its digits. */
export class Digits {
  constructor(readonly text: string) {}

  /** Rounds the number, for `JSON.stringify` without `toJson`. */
  toJSON(): number {
    preserved++;
    return Number(this.text);
  }
}

/** Object represented by its members in order. Names may repeat. */
export class Members {
  constructor(readonly entries: readonly (readonly [name: string, value: unknown])[]) {}

  toJSON(): unknown {
    preserved++;
    return Object.fromEntries(this.entries);
  }
}

/**
 * Returns plain values if nothing is lost, otherwise with `Digits` and `Members` in them.
 * @throws SyntaxError for invalid JSON.
 */
export function parseExact(json: string): unknown {
  const value: unknown = JSON.parse(json);
  const again = JSON.stringify(value);
  if (again === json) return value;
  const exact = new Reader(json).read();
  // Whitespace and escapes are no part of a value.
  return toJson(exact) === again ? value : exact;
}

/** Like `JSON.stringify`, but writes exact values exactly; `undefined` becomes null. */
export function toJson(value: unknown): string {
  return written(value, 0);
}

/** The same with line breaks and indentation. */
export function toIndentedJson(value: unknown): string {
  return written(value, 2);
}

/** Returns names and values of an object, exact or plain; undefined for any other value. */
export function entriesOf(value: unknown): (readonly [name: string, value: unknown])[] | undefined {
  if (value instanceof Members) return [...value.entries];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value instanceof Digits ? undefined : Object.entries(value);
}

/** Rounds exact values, for code that supports only plain values. */
export function toPlain(value: unknown): unknown {
  return isExact(value) ? (JSON.parse(JSON.stringify(value)) as unknown) : value;
}

/** Whether the value contains anything that plain values cannot represent. */
export function isExact(value: unknown): boolean {
  const before = preserved;
  JSON.stringify(value);
  return preserved !== before;
}

function written(value: unknown, indent: number): string {
  const before = preserved;
  const json = JSON.stringify(value, null, indent) ?? 'null';
  return preserved === before ? json : new Writer(indent).write(value, 0);
}

class Writer {
  constructor(private readonly indent: number) {}

  write(value: unknown, level: number): string {
    if (value instanceof Digits) return value.text;
    if (Array.isArray(value)) {
      const items = value.map((one) => (isLeftOut(one) ? 'null' : this.write(one, level + 1)));
      return this.block('[', items, ']', level);
    }
    const entries = value instanceof Members || !hasOwnWay(value) ? entriesOf(value) : undefined;
    if (!entries) return JSON.stringify(value) ?? 'null';
    const space = this.indent > 0 ? ' ' : '';
    const members = entries
      .filter(([, inner]) => !isLeftOut(inner))
      .map(([name, inner]) => `${JSON.stringify(name)}:${space}${this.write(inner, level + 1)}`);
    return this.block('{', members, '}', level);
  }

  private block(open: string, parts: string[], close: string, level: number): string {
    if (this.indent === 0 || parts.length === 0) return open + parts.join() + close;
    const line = `\n${' '.repeat(this.indent * (level + 1))}`;
    return `${open}${line}${parts.join(`,${line}`)}\n${' '.repeat(this.indent * level)}${close}`;
  }
}

/** Whether the object has its own `toJSON`, such as a Date. */
function hasOwnWay(value: unknown): boolean {
  return typeof (value as { toJSON?: unknown } | null)?.toJSON === 'function';
}

function isLeftOut(value: unknown): boolean {
  return value === undefined || typeof value === 'function' || typeof value === 'symbol';
}

/** Parser for JSON that is known to be valid. */
class Reader {
  private at = 0;

  constructor(private readonly json: string) {}

  read(): unknown {
    const first = this.next();
    if (first === '{') return new Members(this.members());
    if (first === '[') return this.items();
    const raw = this.scalar(first);
    return first === '-' || (first >= '0' && first <= '9') ? toNumber(raw) : (JSON.parse(raw) as unknown);
  }

  private members(): (readonly [string, unknown])[] {
    const members: (readonly [string, unknown])[] = [];
    this.at++;
    for (let mark = this.next(); mark !== '}'; mark = this.next()) {
      if (mark === ',') {
        this.at++;
        this.next();
      }
      const name = JSON.parse(this.scalar('"')) as string;
      this.next();
      this.at++;
      members.push([name, this.read()]);
    }
    this.at++;
    return members;
  }

  private items(): unknown[] {
    const items: unknown[] = [];
    this.at++;
    for (let mark = this.next(); mark !== ']'; mark = this.next()) {
      if (mark === ',') this.at++;
      items.push(this.read());
    }
    this.at++;
    return items;
  }

  /** Skips whitespace and returns the next character. */
  private next(): string {
    while (isSpace(this.json.charCodeAt(this.at))) this.at++;
    return this.json[this.at]!;
  }

  private scalar(first: string): string {
    const from = this.at;
    if (first === '"') {
      do this.at = this.json.indexOf('"', this.at + 1);
      while (this.isEscaped());
      this.at++;
    } else while (this.at < this.json.length && !ENDS.has(this.json[this.at]!)) this.at++;
    return this.json.slice(from, this.at);
  }

  private isEscaped(): boolean {
    let before = this.at - 1;
    while (this.json[before] === '\\') before--;
    return (this.at - before) % 2 === 0;
  }
}

const ENDS: ReadonlySet<string> = new Set([',', ']', '}', ' ', '\t', '\n', '\r']);

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function toNumber(raw: string): unknown {
  const value = Number(raw);
  return JSON.stringify(value) === raw ? value : new Digits(raw);
}
