import { compareNumbers, isDecimal, KEY_MARK, numberKey, toIndexedNumber } from '../../number-key.js';
import type { PathValue } from '../../query/query-ast.js';
import { foldValue } from '../../recording/rules/indexed-values.js';

export type Comparison = [operator: '=' | '<' | '<=' | '>' | '>=', value: number | string];
/** Matches any of these lists; a list matches when all its comparisons do. An empty list matches any value. */
export type ValueTest = Comparison[][];

type Operator = Comparison[0];

/** Order of the index: numbers, then text, then the keys of numbers that no double represents exactly. */
const BEFORE_TEXT: Comparison = ['<', ''];
const FROM_TEXT: Comparison = ['>=', ''];
const BEFORE_KEYS: Comparison = ['<', KEY_MARK];
const FROM_KEYS: Comparison = ['>=', KEY_MARK];

/**
 * At most two bounds per list: SQLite reads the index between the first ones it finds. A comparison without an end of
 * its own ends where the next kind of value begins.
 * @param hasKeys whether the path has such keys. This is rare, and each additional test costs another walk.
 */
export function valueTest(op: Operator, value: PathValue, hasKeys: boolean): ValueTest {
  const folded = foldValue(value.text);
  if (!isNumeric(value)) {
    if (op === '=') return [[['=', folded]]];
    return [isUpper(op) ? [[op, folded], FROM_TEXT] : [[op, folded], BEFORE_KEYS]];
  }
  if (op === '=') return [[['=', toIndexedNumber(value.text)]], [['=', folded]]];
  const bound = plainBound(op, value.text);
  const key: Comparison = [op, numberKey(value.text)];
  return [
    isUpper(op) ? [bound] : [bound, BEFORE_TEXT],
    ...(hasKeys ? [isUpper(op) ? [key, FROM_KEYS] : [key]] : []),
  ];
}

export function rangeTest(
  from: PathValue | undefined,
  to: PathValue | undefined,
  hasKeys: boolean,
): ValueTest {
  if ((from && !isNumeric(from)) || (to && !isNumeric(to))) {
    return [[from ? ['>=', foldValue(from.text)] : FROM_TEXT, to ? ['<=', foldValue(to.text)] : BEFORE_KEYS]];
  }
  return [
    [...(from ? [plainBound('>=', from.text)] : []), to ? plainBound('<=', to.text) : BEFORE_TEXT],
    ...(hasKeys
      ? [
          [
            from ? (['>=', numberKey(from.text)] as Comparison) : FROM_KEYS,
            ...(to ? [['<=', numberKey(to.text)] as Comparison] : []),
          ],
        ]
      : []),
  ];
}

/** `NaN` and infinities are words here: JSON has no such numbers. */
function isNumeric({ text, number, digits }: PathValue): boolean {
  return (number !== undefined || digits !== undefined) && isDecimal(text);
}

function isUpper(op: Operator): boolean {
  return op === '<' || op === '<=';
}

/** Converts a comparison for doubles, each of which represents the digits it is written with. */
function plainBound(op: Operator, text: string): Comparison {
  const nearest = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, Number(text)));
  const order = compareNumbers(String(nearest), text);
  // The nearest double itself may lie on either side of the number.
  const isIn = isUpper(op)
    ? order < 0 || (order === 0 && op === '<=')
    : order > 0 || (order === 0 && op === '>=');
  return isUpper(op) ? [isIn ? '<=' : '<', nearest] : [isIn ? '>=' : '>', nearest];
}
