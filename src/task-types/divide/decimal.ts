/** Exact decimal number: `units` * 10^`exponent`. */
export interface Decimal {
  units: bigint;
  exponent: number;
}

const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** The same for strings as a JSON Schema pattern. */
export const DECIMAL_PATTERN = '^[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?([0-3]?\\d{1,2}|400))?$';

/** Maximum length of a number as text, characters. Together with the exponent it bounds the work per digit. */
export const MAX_LENGTH = 1000;
/** Maximum power of ten, positive or negative. Covers every JavaScript number. */
export const MAX_EXPONENT = 400;

/**
 * Parses a number, or its text with optional sign, fraction and exponent. A number means the decimal that JavaScript
 * prints: 0.1 is a tenth, not the nearest double. Returns undefined for any other value.
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
