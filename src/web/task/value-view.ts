import { Digits, entriesOf, toIndentedJson } from '../../model/lenient-json.js';

/** Input or result: as JSON, and also as a short table if it has a few plain values. */
export interface ValueView {
  json: string;
  rows?: { name: string; value: string; kind: string; long: boolean }[];
}

const MAX_ROWS = 12;

/** Maximum length of a string in the table, in characters. The JSON box scrolls longer ones. */
const MAX_CELL_LENGTH = 2_000;

export function toValue(value: unknown): ValueView {
  const json = toIndentedJson(value);
  const entries = entriesOf(value);
  if (!entries) return { json };
  const plain = entries.every(([, one]) => isPlain(one));
  if (!plain || entries.length === 0 || entries.length > MAX_ROWS) return { json };
  return {
    json,
    rows: entries.map(([name, one]) => ({
      name,
      value: one === '' ? 'empty' : one instanceof Digits ? one.text : String(one),
      kind: one === null ? 'null' : one === '' ? 'empty' : one instanceof Digits ? 'number' : typeof one,
      long: typeof one === 'string' && (one.length > 60 || one.includes('\n')),
    })),
  };
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string'
    ? value.length <= MAX_CELL_LENGTH
    : typeof value !== 'object' || value === null || value instanceof Digits;
}
