// Same formats as src/web/kit/format.ts; a test compares both.

const pad = (value) => String(value).padStart(2, '0');

export function formatDuration(ms) {
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

export function formatTicking(ms) {
  return ms < 60_000
    ? `${Math.max(0, Math.floor(ms / 1_000))} s`
    : formatDuration(Math.floor(ms / 1_000) * 1_000);
}

export function formatRelative(at, now) {
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
