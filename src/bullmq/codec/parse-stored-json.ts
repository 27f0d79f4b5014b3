import { parseExact } from '../../model/lenient-json.js';

/**
 * Limit of nesting: above that of any accepted input, and far below what overflows the stack, because rendering and
 * serializing recurse level by level.
 */
const MAX_JSON_DEPTH = 200;

/** Parses JSON from Redis. Invalid or too deeply nested JSON is returned as text. */
export function parseStored(json: string | undefined): unknown {
  if (json === undefined || isTooDeep(json)) return json;
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

/** Parses JSON that should be an object; anything else, such as a damaged field, becomes an empty one. */
export function parseObject(json: string | undefined): Record<string, unknown> {
  const value = parseStored(json);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Parses an input or a result for display: like `parseStored`, with all digits of its numbers. */
export function parseStoredBody(json: string | undefined): unknown {
  if (json === undefined || isTooDeep(json)) return json;
  try {
    return parseExact(json);
  } catch {
    return json;
  }
}

export function isTooDeep(json: string): boolean {
  // Each level has at least two characters.
  if (json.length < 2 * MAX_JSON_DEPTH) return false;
  let depth = 0;
  let isInside = false;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (isInside) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) isInside = false;
    } else if (code === QUOTE) isInside = true;
    else if (code === BRACE || code === BRACKET) {
      if (++depth > MAX_JSON_DEPTH) return true;
    } else if (code === BRACE + 2 || code === BRACKET + 2) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH, BRACE, BRACKET] = [0x22, 0x5c, 0x7b, 0x5b];
