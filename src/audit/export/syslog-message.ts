import { hostname } from 'node:os';
import type { ExportedEntry } from '../audit-view.js';

/** Facility 13 of RFC 5424: log audit. */
const FACILITY = 13;
const SEVERITY = { done: 6, refused: 4, failed: 3 } as const;
const HOST =
  hostname()
    .replace(/[^\x21-\x7e]/g, '')
    .slice(0, 255) || '-';

/**
 * Formats an RFC 5424 message with the entry as JSON. Escapes all non-ASCII characters, since receivers treat them
 * differently. No text of an entry can start a new line.
 */
export function syslogMessage(entry: ExportedEntry): string {
  const priority = FACILITY * 8 + SEVERITY[entry.outcome];
  const json = JSON.stringify(entry).replace(
    /[\x7f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `<${priority}>1 ${entry.at} ${HOST} roost ${process.pid} audit - ${json}`;
}
