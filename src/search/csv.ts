/*
 * Writes CSV by RFC 4180. Not a library: those bring a parser, a stream and options for dialects, and the option of
 * csv-stringify that escapes formulas also turns negative numbers into text.
 */

/** Characters that begin a formula in a spreadsheet, including the full-width forms of some input methods. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const NUMBER = /^-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;

export function csvLine(cells: readonly (string | number | null | undefined)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/**
 * Formats a cell. Text that a spreadsheet would execute gets a leading apostrophe and quotes, as OWASP advises ("CSV
 * Injection"). Numbers are not changed.
 */
export function csvCell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  if (FORMULA.test(text) && !NUMBER.test(text)) return quoted(`'${text}`);
  return /[",\r\n]/.test(text) ? quoted(text) : text;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
