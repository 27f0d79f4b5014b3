/*
 * Formats of numbers and times on the pages. `views/assets/times.js` implements the same in the browser,
 * where relative times keep counting; a test compares both.
 */

/** Formats like `340 ms`, `1.24 s`, `12.3 s`, `2 m 05 s`, `1 h 02 m`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1_000) return `${whole} ms`;
  if (whole < 9_995) return `${(whole / 1_000).toFixed(2)} s`;
  if (whole < 59_950) return `${(whole / 1_000).toFixed(1)} s`;
  const seconds = Math.round(whole / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Formats a duration that counts up on the page: whole seconds, so that it does not flicker. */
export function formatTicking(ms: number): string {
  return ms < 60_000
    ? `${Math.max(0, Math.floor(ms / 1_000))} s`
    : formatDuration(Math.floor(ms / 1_000) * 1_000);
}

/** Formats like `now`, `12 s ago`, `in 5 m`, `3 h ago`, `6 d ago`. */
export function formatRelative(at: number, now: number): string {
  const seconds = Math.round(Math.abs(now - at) / 1_000);
  if (seconds < 1) return 'now';
  const [amount, unit] =
    seconds < 60
      ? [seconds, 's']
      : seconds < 3_600
        ? [Math.floor(seconds / 60), 'm']
        : seconds < 86_400
          ? [Math.floor(seconds / 3_600), 'h']
          : [Math.floor(seconds / 86_400), 'd'];
  return at > now ? `in ${amount} ${unit}` : `${amount} ${unit} ago`;
}

/** Formats like `2026-11-23 03:17:05 UTC`: the exact time of a relative one. */
export function formatExact(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Formats like `14:03`, in UTC. */
export function formatClock(at: number): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** Shared, because `toLocaleString` makes a new one for each number. */
const NUMBER_FORMAT = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

/** Formats like `1,234,567`; at most two decimals. */
export function formatNumber(value: number): string {
  return NUMBER_FORMAT.format(value);
}

/** Formats like `512 B`, `1.4 MB`; powers of 1024, as in Redis. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function formatPercent(part: number, whole: number): string {
  if (whole === 0) return '0 %';
  const percent = (part / whole) * 100;
  return percent > 0 && percent < 0.1 ? '< 0.1 %' : `${Number(percent.toFixed(1))} %`;
}

/** Returns the last characters of an id. The first ones encode the time, which neighbours share. */
export function shortId(id: string): string {
  return id.length > 8 ? id.slice(-6) : id;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** Maximum length of a name in the title of a page, in characters. */
const MAX_NAME_LENGTH = 72;

export function isLongName(name: string): boolean {
  return name.length > MAX_NAME_LENGTH;
}

/** Shortens like `a-name-that…is-long`: long names often differ at the end. */
export function shortenName(name: string): string {
  if (!isLongName(name)) return name;
  const characters = [...name];
  const tail = MAX_NAME_LENGTH / 3;
  return `${characters.slice(0, MAX_NAME_LENGTH - tail - 1).join('')}…${characters.slice(-tail).join('')}`;
}
