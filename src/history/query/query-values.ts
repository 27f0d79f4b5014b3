import type { Moment } from './query-ast.js';

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy;
/** Maximum of ages and durations, ms: ten thousand years, beyond which they are typos. */
const MAX_MS = 3.2e14;
const MAX_LENGTH = 40;

/** Parses `200ms`, `5s`, `1.5h` or `1h30m` to ms; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text.length === 0 || text.length > MAX_LENGTH) return undefined;
  const plain = text.toLowerCase();
  let total = 0;
  let at = 0;
  while (at < plain.length) {
    PART.lastIndex = at;
    const part = PART.exec(plain);
    if (!part) return undefined;
    total += Number(part[1]) * UNITS[part[2]!]!;
    at = PART.lastIndex;
  }
  const ms = Math.round(total * 1000) / 1000;
  return ms <= MAX_MS ? ms : undefined;
}

/** Formats a duration in the shortest form that parses back to the same number. */
export function printDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms !== 0 && ms % UNITS[unit]! === 0) return `${ms / UNITS[unit]!}${unit}`;
  }
  return `${ms}ms`;
}

const DATE =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[Tt](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(Z|z|[+-]\d{2}:\d{2})?)?)?)?$/;

/** Parses `2026`, `2026-11`, `2026-11-22`, `2026-11-22T10:30`, with seconds, fractions and a zone (default UTC). */
export function parseDate(text: string): Moment | undefined {
  const parts = text.length <= MAX_LENGTH ? DATE.exec(text) : null;
  if (!parts) return undefined;
  const [year, month, day, hour, minute, second] = parts
    .slice(1, 7)
    .map((part) => (part === undefined ? undefined : Number(part)));
  const fraction = parts[7];
  const zone = zoneOffset(parts[8]);
  if (zone === undefined || (hour ?? 0) > 23 || (minute ?? 0) > 59 || (second ?? 0) > 59) return undefined;
  const millis = fraction === undefined ? 0 : Number(fraction.padEnd(3, '0'));
  const at = utc(year!, (month ?? 1) - 1, day ?? 1, hour ?? 0, minute ?? 0, second ?? 0, millis);
  const date = new Date(at);
  if (date.getUTCMonth() !== (month ?? 1) - 1 || date.getUTCDate() !== (day ?? 1)) return undefined;

  let to: number;
  if (month === undefined) to = utc(year! + 1, 0, 1, 0, 0, 0, 0);
  else if (day === undefined) to = utc(year!, month, 1, 0, 0, 0, 0);
  else if (hour === undefined) to = at + UNITS.d!;
  else if (second === undefined) to = at + UNITS.m!;
  else to = at + (fraction === undefined ? UNITS.s! : 1);
  return { kind: 'date', text: text.toUpperCase(), from: at - zone, to: to - zone };
}

/** `Date.UTC` interprets the years 0 to 99 as 1900 to 1999. */
function utc(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  ms: number,
): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.setUTCHours(hour, minute, second, ms);
}

function zoneOffset(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * UNITS.h! + minutes * UNITS.m!);
}

/** Whether the text is written as a number, of any size. */
export function isNumber(text: string): boolean {
  return text.length <= MAX_LENGTH && /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text);
}

/** Parses a number as JSON writes it. */
export function parseNumber(text: string): number | undefined {
  if (!isNumber(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
