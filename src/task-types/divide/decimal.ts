/** A number exactly as it was written: `units` * 10^`exponent`. */
export interface Decimal {
  units: bigint;
  exponent: number;
}

const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** The same in the words of JSON Schema, for the strings. */
export const DECIMAL_PATTERN = '^[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?([0-3]?\\d{1,2}|400))?$';

/** Longest number as text, in characters; together with the exponent it bounds the work of one digit. */
export const MAX_LENGTH = 1000;
/** Largest power of ten, up or down. Every number JavaScript knows stays within it. */
export const MAX_EXPONENT = 400;

/**
 * Reads a number, or its text with optional sign, fraction and exponent. A number counts as the decimal that
 * JavaScript writes for it: 0.1 is a tenth, not the double next to it. Undefined for anything else.
 */
export function parseDecimal(value: unknown): Decimal | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const text = String(value);
  if (text.length > MAX_LENGTH) return undefined;
  const parts = DECIMAL.exec(text);
  if (!parts) return undefined;
  const [, sign, whole, fraction = '', power] = parts;
  if (Math.abs(Number(power ?? 0)) > MAX_EXPONENT) return undefined;
  const units = BigInt(whole! + fraction);
  return { units: sign === '-' ? -units : units, exponent: Number(power ?? 0) - fraction.length };
}
