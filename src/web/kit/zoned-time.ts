/**
 * Converts a wall-clock time (`2026-10-25T02:30`, seconds optional) in a time zone to milliseconds since
 * 1970.
 */
export function toInstant(local: string, zone: string): number {
  const wanted = parseLocal(local);
  // The offset at the wanted instant is only known once the instant is. A second pass corrects it, except
  // beside a clock change, where the first result is the earlier of two.
  const first = wanted - offsetMs(wanted, zone);
  const second = wanted - offsetMs(first, zone);
  const instants = [second, first].filter((instant) => instant + offsetMs(instant, zone) === wanted);
  if (instants.length === 0) {
    throw new RangeError(`this time does not exist in ${zone}: the clocks go forward over it`);
  }
  return earlierTwin(Math.min(...instants), wanted, zone);
}

export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/**
 * When clocks go back, an hour of wall-clock time occurs twice; a task for that time runs at the first one.
 */
function earlierTwin(instant: number, wanted: number, zone: string): number {
  const before = wanted - offsetMs(instant - 86_400_000, zone);
  return before < instant && before + offsetMs(before, zone) === wanted ? before : instant;
}

function parseLocal(local: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?$/.exec(local);
  const at = match ? Date.parse(`${local.replace(' ', 'T')}${match[6] ? '' : ':00'}Z`) : NaN;
  // `Date` turns 31 June into 1 July; formatting it again shows the difference.
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 16) !== local.replace(' ', 'T').slice(0, 16)) {
    throw new RangeError('must be a date and time such as 2026-12-24T18:00');
  }
  return at;
}

/** Returns the offset of the time zone from UTC at an instant, ms. */
function offsetMs(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instant);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const shown = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return shown - Math.floor(instant / 1_000) * 1_000;
}
