/** Deeper than any input may be, and far from what the stack takes: drawing and writing a value goes down level by level. */
const MAX_DEPTH = 200;

/** What stands in Redis as JSON; what is none, or nested without reason, is taken for text. */
export function parseStored(json: string | undefined): unknown {
  if (json === undefined || isTooDeep(json)) return json;
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

export function isTooDeep(json: string): boolean {
  // Each level takes two characters at least.
  if (json.length < 2 * MAX_DEPTH) return false;
  let depth = 0;
  let isInside = false;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (isInside) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) isInside = false;
    } else if (code === QUOTE) isInside = true;
    else if (code === BRACE || code === BRACKET) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === BRACE + 2 || code === BRACKET + 2) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH, BRACE, BRACKET] = [0x22, 0x5c, 0x7b, 0x5b];
