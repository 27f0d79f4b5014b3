import { TASK_STATES } from '../../model/states.js';
import { digitsOfKey, isNumberKey } from '../number-key.js';
import { build } from './builder.js';
import type { SqliteDatabase } from './database.js';
import { TAG_PATH } from '../recording/rules/task-merge.js';
import { afterPrefix, type Dictionary } from './dictionary.js';
import { WORD } from '../recording/rules/names.js';

type Comparison = ['>' | '>=', string | number];

const MAX_LIMIT = 100;

/**
 * Lists known values of a field that begin with `prefix`, in alphabetical order: of `state`, `type`, `queue`,
 * `worker`, `tag`, `input.<path>` and `result.<path>`. For `input` and `result` themselves it lists their paths.
 */
export function suggest(
  db: SqliteDatabase,
  words: Dictionary,
  field: string,
  prefix: string,
  limit: number,
): string[] {
  const folded = prefix.toLowerCase();
  const wanted = Math.min(MAX_LIMIT, Math.max(0, limit));
  switch (field) {
    case 'state':
      return TASK_STATES.filter((state) => state.startsWith(folded)).slice(0, wanted);
    case 'type':
    case 'queue':
    case 'worker':
      return words.withPrefix(WORD[field], folded, wanted).flatMap(({ text }) => (text === '' ? [] : [text]));
    case 'tag':
      return values(db, words.find(WORD.path, TAG_PATH), folded, wanted);
    case 'input':
    case 'result':
      return words.withPrefix(WORD.path, `${field}.${folded}`, wanted).map(({ text }) => text);
    default:
      return values(db, words.find(WORD.path, field.toLowerCase()), folded, wanted);
  }
}

/** Runs one index lookup per value, however many tasks have it. */
function values(db: SqliteDatabase, path: number | undefined, prefix: string, limit: number): string[] {
  if (path === undefined) return [];
  const found: string[] = [];
  const end = prefix === '' ? undefined : afterPrefix(prefix);
  let bound: Comparison | undefined = prefix === '' ? undefined : ['>=', prefix];
  while (found.length < limit) {
    let query = build.selectFrom('facts').select('value').where('path', '=', path).orderBy('value').limit(1);
    if (bound) query = query.where('value', ...bound);
    if (end !== undefined) query = query.where('value', '<', end);
    const [row] = db.query(query.compile());
    if (!row) break;
    found.push(isNumberKey(row.value) ? digitsOfKey(row.value) : String(row.value));
    bound = ['>', row.value];
  }
  return found;
}
