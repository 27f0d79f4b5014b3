/*
 * Keys of JSON numbers in an index whose numbers are doubles. A number that no double represents exactly is stored as
 * a text that sorts like the number, behind every other text: mark, sign, exponent, digits.
 */

/** The highest code point: no other text sorts behind it. */
export const KEY_MARK = '\u{10ffff}';

/** Compared digits; further digits are ignored. */
const MAX_DIGITS = 48;
const MAX_EXPONENT = 9_999_999;
/** Maximum zeros printed before or after the digits. */
const MAX_ZEROS = 40;

/** 0.`digits` times 10 to the `exponent`, without zeros around the digits; zero has no digits. */
interface Decimal {
  isNegative: boolean;
  digits: string;
  exponent: number;
}

/** Returns the index value for a number of JSON or of a query. */
export function toIndexedNumber(raw: string): number | string {
  const value = Number(raw) + 0;
  return Number.isFinite(value) && compare(toDecimal(raw), toDecimal(String(value))) === 0
    ? value
    : toKey(toDecimal(raw));
}

/** Returns a key that sorts like the number among all such keys, even if a double represents it exactly. */
export function numberKey(raw: string): string {
  return keyOf(toDecimal(raw));
}

/** Negative when number `a` is smaller. Both are written as in JSON. */
export function compareNumbers(a: string, b: string): number {
  return compare(toDecimal(a), toDecimal(b));
}

export function isNumberKey(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(KEY_MARK);
}

/** Formats the number of such a key. */
export function digitsOfKey(key: string): string {
  const isNegative = key[KEY_MARK.length] === '-';
  const from = KEY_MARK.length + 1;
  const [exponent, digits] = [key.slice(from, from + 8), key.slice(from + 8).replace(/~$/, '')].map((part) =>
    isNegative ? complement(part) : part,
  ) as [string, string];
  const point = Number(exponent) - MAX_EXPONENT - 1;
  const sign = isNegative ? '-' : '';
  if (point >= digits.length && point - digits.length <= MAX_ZEROS) return sign + digits.padEnd(point, '0');
  if (point > 0 && point < digits.length) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
  if (point <= 0 && -point <= MAX_ZEROS) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  const rest = digits.slice(1);
  return `${sign}${digits[0]}${rest && `.${rest}`}e${point - 1}`;
}

function toKey({ isNegative, digits, exponent }: Decimal): string {
  const bounded = Math.max(-MAX_EXPONENT, Math.min(MAX_EXPONENT, exponent));
  const shifted = String(bounded + MAX_EXPONENT + 1).padStart(8, '0');
  // Longer negative numbers come first.
  return isNegative
    ? `${KEY_MARK}-${complement(shifted)}${complement(digits)}~`
    : `${KEY_MARK}0${shifted}${digits}`;
}

function complement(digits: string): string {
  return digits.replaceAll(/\d/g, (digit) => String(9 - Number(digit)));
}

const DECIMAL = /^([-+]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:e([-+]?\d+))?$/i;

/** Whether the text is a decimal number that the functions here accept. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

function toDecimal(raw: string): Decimal {
  const [, sign, whole, part = '', power = '0'] = DECIMAL.exec(raw)!;
  const all = whole + part;
  const zeros = all.search(/[1-9]/);
  if (zeros < 0) return { isNegative: false, digits: '', exponent: 0 };
  let end = Math.min(all.length, zeros + MAX_DIGITS);
  while (all[end - 1] === '0') end--;
  const digits = all.slice(zeros, end);
  return { isNegative: sign === '-', digits, exponent: whole!.length - zeros + Number(power) };
}

function compare(a: Decimal, b: Decimal): number {
  const [keyA, keyB] = [keyOf(a), keyOf(b)];
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
}

function keyOf(decimal: Decimal): string {
  return decimal.digits === '' ? ZERO_KEY : toKey(decimal);
}

/** Sorts between the negative and the positive numbers. */
const ZERO_KEY = `${KEY_MARK}.`;
