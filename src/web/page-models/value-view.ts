/** An input or result: as JSON, and where it is a few plain values also as a short table. */
export interface ValueView {
  json: string;
  rows?: { name: string; value: string; kind: string; long: boolean }[];
}

const MOST_ROWS = 12;

/** Longer strings read better in the JSON box, which scrolls. */
const LONGEST_CELL = 2_000;

export function toValue(value: unknown): ValueView {
  const json = JSON.stringify(value, null, 2) ?? 'null';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { json };
  const entries = Object.entries(value);
  const plain = entries.every(([, one]) => isPlain(one));
  if (!plain || entries.length === 0 || entries.length > MOST_ROWS) return { json };
  return {
    json,
    rows: entries.map(([name, one]) => ({
      name,
      value: one === '' ? 'empty' : String(one),
      kind: one === null ? 'null' : one === '' ? 'empty' : typeof one,
      long: typeof one === 'string' && (one.length > 60 || one.includes('\n')),
    })),
  };
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string'
    ? value.length <= LONGEST_CELL
    : typeof value !== 'object' || value === null;
}
