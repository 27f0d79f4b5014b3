/*
 * Parses dates and times in ISO 8601 with a zone, and only real ones. `Date.parse` alone reads 30 February as 2
 * March, accepts `12/24/2026`, and reads a time without a zone in this machine's zone.
 */

const TIME =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:[Zz]|([+-])(\d\d):?(\d\d))$/;
const DAY = /^(\d{4})-(\d\d)-(\d\d)$/;

const MUST_BE_TIME =
  'must be a time with its zone, such as 2026-12-24T18:00:00Z or 2026-12-24T18:00:00+01:00';
const MUST_BE_DAY_OR_TIME = 'must be a day or a time with its zone, such as 2026-11-22T10:00:00Z';

/**
 * Returns a time in ms since 1970; truncates further digits.
 * @throws Error whose message follows the name of the value.
 */
export function readTime(value: unknown): number {
  return toInstant(value, MUST_BE_TIME);
}

/** The same, or a day alone, which means its beginning in UTC. */
export function readDayOrTime(value: unknown): number {
  const parts = typeof value === 'string' ? DAY.exec(value) : null;
  if (!parts) return toInstant(value, MUST_BE_DAY_OR_TIME);
  return dayOf(Number(parts[1]), Number(parts[2]), Number(parts[3]), MUST_BE_DAY_OR_TIME);
}

function toInstant(value: unknown, wanted: string): number {
  const parts = typeof value === 'string' ? TIME.exec(value) : null;
  if (!parts) throw new Error(wanted);
  const [year, month, day, hour, minute, second = 0] = parts.slice(1, 7).map((part) => Number(part ?? 0));
  const [, , , , , , , fraction = '', sign, zoneHours = '0', zoneMinutes = '0'] = parts;
  const startOfDay = dayOf(year!, month!, day!, wanted);
  if (hour! > 23 || minute! > 59 || second > 59 || Number(zoneHours) > 23 || Number(zoneMinutes) > 59) {
    throw new Error(`is no time of day, as hours go to 23, minutes and seconds to 59; it ${wanted}`);
  }
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3));
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000 * (sign === '-' ? -1 : 1);
  return startOfDay + ((hour! * 60 + minute!) * 60 + second) * 1000 + ms - zoneMs;
}

/** Returns the beginning of a day in UTC. */
function dayOf(year: number, month: number, day: number, wanted: string): number {
  const date = new Date(0);
  // `Date.UTC` reads the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() === month - 1 && date.getUTCDate() === day) return date.getTime();
  if (month < 1 || month > 12) throw new Error(`is no date, as months go from 01 to 12; it ${wanted}`);
  const last = new Date(new Date(0).setUTCFullYear(year, month, 0)).toISOString().slice(0, -14);
  throw new Error(`is no date, as that month ends with ${last}; it ${wanted}`);
}
