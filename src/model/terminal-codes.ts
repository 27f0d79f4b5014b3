/*
 * Control codes by ECMA-48, in order. Includes only those 8-bit control sequences that have a parameter: others are
 * common in text of a wrong encoding. Each pattern runs in linear time.
 */
const CODES: readonly RegExp[] = [
  // Strings, such as titles and links, up to BEL or ST. Without an end, only the first word is removed.
  /\u001b[\]PX^_](?:[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)|[^\s\u0007\u001b]*)/g,
  // Control sequences, such as colours and cursor movements.
  /\u001b\[[0-?]*[ -/]*[@-~]?/g,
  /\u009b[0-?]+[ -/]*[@-~]/g,
  // Short sequences, such as character set selection, and single escapes.
  /\u001b[ -/]+[0-~]/g,
  /\u001b[0-~]?/g,
];

/** Removes terminal control codes, such as colours, from a text. */
export function withoutTerminalCodes(text: string): string {
  if (!text.includes('\u001b') && !text.includes('\u009b')) return text;
  return CODES.reduce((plain, code) => plain.replace(code, ''), text);
}
