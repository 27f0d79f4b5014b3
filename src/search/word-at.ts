/** The term at the cursor, possibly incomplete. */
export interface WordAt {
  /** Start of the term, after a leading `-`. */
  from: number;
  to: number;
  field?: string;
  /** Text up to the cursor, without quotes. */
  value: string;
  isQuoted: boolean;
}

const BREAK = /[\s()]/;

/** Finds the term at the cursor. Splits like the query parser but accepts every text: an open quote ends at the cursor. */
export function wordAt(q: string, at: number): WordAt {
  const cursor = Math.min(Math.max(0, Math.floor(at)), q.length);
  let from = 0;
  let inQuotes = false;
  for (let i = 0; i < cursor; i++) {
    if (q[i] === '\\' && inQuotes) i++;
    else if (q[i] === '"') inQuotes = !inQuotes;
    else if (!inQuotes && BREAK.test(q[i]!)) from = i + 1;
  }
  if (q[from] === '-' && from < cursor) from++;
  const to = inQuotes ? endOfQuotes(q, cursor) : endOfWord(q, cursor);
  const typed = q.slice(from, cursor);
  const field = /^([\p{L}_][^\s:"()]*):/u.exec(typed)?.[1];
  const rest = field === undefined ? typed : typed.slice(field.length + 1);
  const isQuoted = rest.startsWith('"');
  const value = isQuoted
    ? rest
        .slice(1)
        .replace(/"$/, '')
        .replaceAll(/\\(["\\])/g, '$1')
    : rest;
  return { from, to, ...(field === undefined ? {} : { field }), value, isQuoted };
}

function endOfWord(q: string, from: number): number {
  let to = from;
  while (to < q.length && !BREAK.test(q[to]!)) to++;
  return to;
}

/** Returns the position after the closing quote, or the cursor where there is none. */
function endOfQuotes(q: string, cursor: number): number {
  const close = q.indexOf('"', cursor);
  return close < 0 ? cursor : close + 1;
}
