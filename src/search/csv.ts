/*
 * CSV as RFC 4180 has it. A library would bring a parser, a stream and options for dialects; what is needed here is
 * this much, and that numbers stay numbers where formulas are disarmed, which csv-stringify's option does not do.
 */

/** What a spreadsheet takes for the beginning of a formula; also the wide forms that some input methods give. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const NUMBER = /^-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;

export function csvLine(cells: readonly (string | number | null | undefined)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/**
 * Text that a spreadsheet would run gets an apostrophe before it and quotes around it, as OWASP advises ("CSV
 * Injection"); a number is no formula.
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
