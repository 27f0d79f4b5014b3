import { formatRelative, formatTicking } from './times.js';

const exact = new Intl.DateTimeFormat(undefined, {
  dateStyle: 'medium',
  timeStyle: 'long',
  hourCycle: 'h23',
});
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });
/** Chart days begin at midnight UTC, so their names are in UTC. */
const monthDay = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' });
const hourMinute = new Intl.DateTimeFormat(undefined, { timeStyle: 'short', hourCycle: 'h23' });

/** Offset of the server's clock from this one, ms. Elapsed times use the server's clock. */
let aheadMs = 0;

/** Shows all times in the browser's time zone, and updates relative ones once a second. */
export function startClock() {
  readServerClock(document);
  drawTimes();
  setInterval(drawTimes, 1_000);
}

export function readServerClock(page) {
  const now = Number(page.body.dataset.now);
  if (now > 0) aheadMs = now - Date.now();
}

export function formatClock(at) {
  return clock.format(at);
}

export function drawTimes(part = document) {
  const now = Date.now() + aheadMs;
  for (const element of part.querySelectorAll('time')) {
    const at = Date.parse(element.dateTime);
    if (Number.isNaN(at)) continue;
    if ('relative' in element.dataset) put(element, formatRelative(at, now));
    else put(element, ('clock' in element.dataset ? clock : exact).format(at));
    const title = exact.format(at);
    if (element.title !== title) element.title = title;
  }
  for (const element of part.querySelectorAll('[data-since]')) {
    put(element, formatTicking(now - Date.parse(element.dataset.since)));
  }
  for (const element of part.querySelectorAll('text[data-clock]')) {
    put(element, hourMinute.format(Date.parse(element.dataset.clock)));
  }
  for (const element of part.querySelectorAll('text[data-day]')) {
    put(element, monthDay.format(Date.parse(element.dataset.day)));
  }
}

/** Writes only changed text, so that a selection inside is preserved. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
