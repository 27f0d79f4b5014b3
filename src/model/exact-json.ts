import { isExactNumber } from './exact-number.js';

/** Value that `JSON.parse` would silently change. */
export interface JsonFault {
  kind: 'repeated name' | 'number';
  /** Names and indexes from the root to the value. */
  path: readonly (string | number)[];
  /** Problem and remedy, to follow the path. */
  message: string;
}

export interface ExactJson {
  value: unknown;
  /** The first faults in order of the text; usually empty. */
  faults: JsonFault[];
}

/** Limit on reported faults. A text may have many more. */
const MAX_FAULTS = 50;
const MAX_SHOWN_DIGITS = 40;

/**
 * Parses JSON and reports what `JSON.parse` changes: numbers with more digits than a double, and repeated names in an
 * object, of which only the last counts.
 * @throws SyntaxError
 */
export function parseExactJson(text: string): ExactJson {
  const value: unknown = JSON.parse(text);
  const { names, isExact } = scan(text);
  // Every repeated name makes one member fewer. Faults are rare, so their paths are searched only then.
  return { value, faults: isExact && names === countMembers(value) ? [] : findFaults(text) };
}

/** Formats `body.input.ids[2]`, cut if names are very long. */
export function toPath(path: readonly (string | number)[], root: string): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`));
  return `${root}${parts.join('')}`.replace(/^\./, '').slice(0, 100);
}

const [QUOTE, BACKSLASH, COLON, COMMA, MINUS, ZERO, NINE] = [0x22, 0x5c, 0x3a, 0x2c, 0x2d, 0x30, 0x39];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const [PLUS, POINT, BIG_E, SMALL_E] = [0x2b, 0x2e, 0x45, 0x65];
/** Length up to which a number without an exponent has at most 15 digits, which every double can represent. */
const MAX_SAFE_LENGTH = 15;

/** Scans valid JSON once: counts the names and checks whether every number is exact. */
function scan(text: string): { names: number; isExact: boolean } {
  let names = 0;
  let isExact = true;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COLON) names++;
    else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const end = endOfNumber(text, at);
      if (isExact) isExact = isPlain(text, at, end) || isExactNumber(text.slice(at, end));
      at = end - 1;
    }
  }
  return { names, isExact };
}

function isPlain(text: string, from: number, end: number): boolean {
  if (end - from > MAX_SAFE_LENGTH) return false;
  for (let at = from; at < end; at++) if ((text.charCodeAt(at) | 0x20) === SMALL_E) return false;
  return true;
}

/** Returns the index of the closing quote of the string that opens at `from`. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let from = at;
  while (text.charCodeAt(from - 1) === BACKSLASH) from--;
  return (at - from) % 2 === 1;
}

function endOfNumber(text: string, from: number): number {
  let end = from + 1;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    const isPart =
      (code >= ZERO && code <= NINE) ||
      code === POINT ||
      code === MINUS ||
      code === PLUS ||
      code === SMALL_E ||
      code === BIG_E;
    if (!isPart) break;
  }
  return end;
}

function countMembers(value: unknown): number {
  let count = 0;
  const rest = [value];
  while (rest.length > 0) {
    const one = rest.pop();
    if (typeof one !== 'object' || one === null) continue;
    const inner: unknown[] = Array.isArray(one) ? one : Object.values(one);
    if (!Array.isArray(one)) count += inner.length;
    for (const each of inner) if (typeof each === 'object') rest.push(each);
  }
  return count;
}

/** Object or list that encloses the current position. */
interface Level {
  /** Undefined in a list. */
  names?: Set<string>;
  key: string | number;
}

function findFaults(text: string): JsonFault[] {
  const faults: JsonFault[] = [];
  const levels: Level[] = [];
  const addFault = (kind: JsonFault['kind'], message: string) => {
    if (faults.length < MAX_FAULTS) faults.push({ kind, path: levels.map(({ key }) => key), message });
  };
  let isName = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const level = levels.at(-1);
    if (code === OPEN_BRACE) {
      levels.push({ names: new Set(), key: '' });
      isName = true;
    } else if (code === OPEN_BRACKET) levels.push({ key: 0 });
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      levels.pop();
      isName = false;
    } else if (code === COMMA && level) {
      if (level.names) isName = true;
      else level.key = (level.key as number) + 1;
    } else if (code === QUOTE) {
      const end = endOfString(text, at);
      if (isName && level?.names) {
        level.key = JSON.parse(text.slice(at, end + 1)) as string;
        if (level.names.has(level.key)) addFault('repeated name', REPEATED);
        level.names.add(level.key);
        isName = false;
      }
      at = end;
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const end = endOfNumber(text, at);
      const digits = text.slice(at, end);
      if (!isExactNumber(digits)) addFault('number', numberMessage(digits));
      at = end - 1;
    }
  }
  return faults;
}

/** Returns the JSON text of each element of a valid JSON list. */
export function elementsOf(text: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let from = text.indexOf('[') + 1;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if (depth > 0 && (code === CLOSE_BRACE || code === CLOSE_BRACKET)) depth--;
    else if (depth === 0 && (code === COMMA || code === CLOSE_BRACKET)) {
      elements.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return elements;
}

const REPEATED = 'stands twice in its object, and only one of the two could count; send it once';

/** Returns the problem with an inexact number, to follow its path. */
export function numberMessage(digits: string): string {
  const converted = String(Number(digits));
  const shown = digits.length > MAX_SHOWN_DIGITS ? `${digits.slice(0, MAX_SHOWN_DIGITS)}...` : digits;
  const instead = 'Send it as text where the field takes text';
  if (converted === 'Infinity' || converted === '-Infinity') {
    return `must be a number that JSON can carry (up to 1.8e308), not ${converted}, which ${shown} would become. ${instead}`;
  }
  return `would be changed: a number here keeps about 16 digits, so ${shown} would become ${converted}. ${instead}, or send fewer digits`;
}
