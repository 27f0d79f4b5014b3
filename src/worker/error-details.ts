import { HIDDEN } from '../platform/redaction/redaction.js';
import { withoutTerminalCodes } from '../model/terminal-codes.js';
import { isSecretName, withoutSecrets } from './secret-values.js';

/** Maximum depth of objects and lists below the error itself. */
const MAX_DEPTH = 3;
const MAX_PROPERTIES = 30;
const MAX_ITEMS = 20;
const MAX_STRING_LENGTH = 500;
/** Maximum number of characters read of a longer string. The part that is cut cannot hide in the rest. */
const MAX_SCANNED_LENGTH = 2000;
const MAX_KEY_LENGTH = 100;
/** Replaces the parts that are left out. */
const ELLIPSIS = '…';

/**
 * Converts values of any code to JSON of bounded size. Calls no getter and no `toJSON`. Shows an instance of
 * a class by its class name. Hides values whose names look like secrets.
 */
export class ErrorDetails {
  private readonly seen = new Set<unknown>();

  /** @param left remaining size in characters, approximate. */
  constructor(private left: number) {}

  /** Returns the own properties of an error except the named ones; undefined if there are none. */
  of(error: object, except: ReadonlySet<string>): Record<string, unknown> | undefined {
    this.seen.add(error);
    const properties = this.properties(error, 0, except);
    return Object.keys(properties).length > 0 ? properties : undefined;
  }

  value(value: unknown, depth = 0): unknown {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'boolean':
      case 'undefined':
        return value;
      case 'function':
        return undefined;
      case 'bigint':
      case 'symbol':
        return this.text(String(value));
      case 'object':
        return value === null ? null : this.object(value, depth);
    }
  }

  private object(value: object, depth: number): unknown {
    if (this.seen.has(value)) return '[repeated]';
    this.seen.add(value);
    const known = tryRead(() => shortForm(value));
    if (known !== undefined) return this.text(known);
    const isList = tryRead(() => Array.isArray(value)) === true;
    if (!isList && !isPlain(value)) return `[${className(value)}]`;
    if (depth >= MAX_DEPTH || this.left <= 0) return isList ? '[list]' : '[object]';
    return isList ? this.items(value as unknown[], depth) : this.properties(value, depth + 1);
  }

  private items(list: unknown[], depth: number): unknown[] {
    const items: unknown[] = [];
    const length = tryRead(() => list.length) ?? 0;
    for (let i = 0; i < length; i++) {
      if (i >= MAX_ITEMS || this.left <= 0) {
        items.push(`${ELLIPSIS} ${length - i} more`);
        break;
      }
      items.push(this.value(ownValue(list, String(i)), depth + 1) ?? null);
      this.left -= 4;
    }
    return items;
  }

  private properties(from: object, depth: number, except?: ReadonlySet<string>): Record<string, unknown> {
    const found: [string, unknown][] = [];
    const names = (tryRead(() => Object.keys(from)) ?? []).filter((name) => !except?.has(name));
    for (const [i, name] of names.entries()) {
      if (found.length >= MAX_PROPERTIES || this.left <= 0) {
        found.push([ELLIPSIS, `${names.length - i} more`]);
        break;
      }
      const value = ownValue(from, name);
      const isHidden = isSecretName(name) && value !== null && typeof value !== 'boolean';
      const shown = isHidden && value !== undefined ? HIDDEN : this.value(value, depth);
      if (shown === undefined) continue;
      const key = cutText(withoutTerminalCodes(name), MAX_KEY_LENGTH);
      this.left -= key.length + 6;
      found.push([key, shown]);
    }
    return Object.fromEntries(found);
  }

  private text(text: string): string {
    const shown = withoutSecrets(withoutTerminalCodes(text.slice(0, MAX_SCANNED_LENGTH)));
    const max = Math.max(0, Math.min(MAX_STRING_LENGTH, this.left));
    this.left -= Math.min(shown.length, max);
    return shown.length > max || text.length > MAX_SCANNED_LENGTH
      ? `${shown.slice(0, max)}${ELLIPSIS} (${text.length} characters)`
      : shown;
  }
}

/** Returns the short text of a value that needs no details. */
function shortForm(value: object): string | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof URL) return value.href;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Map || value instanceof Set) return `[${className(value)} of ${value.size}]`;
  if (ArrayBuffer.isView(value)) return `[${className(value)} of ${value.byteLength} bytes]`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return undefined;
}

/** Returns true for a plain object of any realm. */
function isPlain(value: object): boolean {
  const prototype = tryRead(() => Object.getPrototypeOf(value) as unknown);
  if (prototype === null) return true;
  return prototype !== undefined && tryRead(() => Object.getPrototypeOf(prototype) as unknown) === null;
}

function className(value: object): string {
  const name = tryRead(() => (value.constructor as { name?: unknown } | undefined)?.name);
  return typeof name === 'string' && name !== '' ? cutText(name, MAX_KEY_LENGTH) : 'object';
}

function ownValue(from: object, name: string): unknown {
  return tryRead(() => Object.getOwnPropertyDescriptor(from, name)?.value as unknown);
}

/** Returns undefined if a getter or a proxy throws. */
export function tryRead<Value>(get: () => Value): Value | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}

export function cutText(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}${ELLIPSIS}` : text;
}
