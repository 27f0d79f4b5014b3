/** Maximum number of digits that JavaScript prints. */
const MAX_DIGITS = 100;
const NUMBER = /^[+-]?(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;

/**
 * Whether parsing preserves all digits of a number. True for every printed form of a double, shortest or with extra
 * digits; false for numbers with more digits than a double, too large or too small ones.
 */
export function isExactNumber(text: string): boolean {
  const value = Number(text);
  if (String(value) === text) return Number.isFinite(value);
  const written = toScientific(text);
  if (!written) return false;
  if (written.digits === '') return value === 0;
  if (!Number.isFinite(value) || value === 0 || written.digits.length > MAX_DIGITS) return false;
  const converted = toScientific(value.toPrecision(written.digits.length));
  return converted?.digits === written.digits && converted.exponent === written.exponent;
}

/**
 * Returns the significant digits without surrounding zeros, and the exponent of the point before them; no digits for
 * 0.
 */
function toScientific(text: string): { digits: string; exponent: number } | undefined {
  const parts = NUMBER.exec(text);
  if (!parts) return undefined;
  const [, whole = '', fraction = '', power = '0'] = parts;
  const all = whole + fraction;
  const leading = all.search(/[1-9]/);
  if (leading < 0) return { digits: '', exponent: 0 };
  let end = all.length;
  while (all.charCodeAt(end - 1) === 0x30) end--;
  return { digits: all.slice(leading, end), exponent: whole.length - leading + Number(power) };
}
