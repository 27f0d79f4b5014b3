/** Milliseconds since 1970 of a wall-clock time (`2026-10-25T02:30`, seconds optional) in a zone. */
export function toInstant(local: string, zone: string): number {
  const wanted = readLocal(local);
  // The offset at the wanted instant is only known once the instant is: the second round settles it
  // everywhere but beside a change of clocks, where the first answer is the earlier of two.
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

/** When clocks go back an hour of wall-clock time comes twice; a task meant for it runs at the first. */
function earlierTwin(instant: number, wanted: number, zone: string): number {
  const before = wanted - offsetMs(instant - 86_400_000, zone);
  return before < instant && before + offsetMs(before, zone) === wanted ? before : instant;
}

function readLocal(local: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?$/.exec(local);
  const at = match ? Date.parse(`${local.replace(' ', 'T')}${match[6] ? '' : ':00'}Z`) : NaN;
  // `Date` rolls 31 June over to 1 July; reading it back tells.
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 16) !== local.replace(' ', 'T').slice(0, 16)) {
    throw new RangeError('must be a date and time such as 2026-12-24T18:00');
  }
  return at;
}

/** How far the zone's clocks are ahead of UTC at an instant. */
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
