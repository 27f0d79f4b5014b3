/**
 * One axis: `at` gives the place of a value in pixels, `ticks` the values that get a label. Without `ticks` of its own it
 * has round ones; a linear axis begins at 0 (what is drawn are amounts) and is `tight` where it ends with the last value
 * instead of a tick; a logarithmic one goes from one power of ten to another.
 */
export function axis({ values, from, to, log = false, tight = false, ticks }) {
  if (log) return logarithmic(values, from, to);
  const most = Math.max(...values, 0) || 1;
  const shown = ticks ?? roundTicks(most).filter((tick) => !tight || tick <= most);
  const end = Math.max(shown.at(-1), most);
  return { ticks: shown, at: (value) => from + (value / end) * (to - from) };
}

const WANTED = 6;

/** From 0 to the first that no value exceeds, some 6 of them, 1, 2 or 5 times a power of ten apart. */
function roundTicks(most) {
  const power = 10 ** Math.floor(Math.log10(most / WANTED));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one * WANTED >= most);
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

function logarithmic(values, from, to) {
  const first = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  return {
    ticks: Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i)),
    at: (value) => from + ((Math.log10(value) - first) / (last - first)) * (to - from),
  };
}
