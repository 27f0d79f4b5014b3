import { formatRelative, formatTicking } from './times.js';

const exact = new Intl.DateTimeFormat(undefined, {
  dateStyle: 'medium',
  timeStyle: 'long',
  hourCycle: 'h23',
});
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });
/** Days of charts begin at midnight UTC, so their names are those of UTC. */
const monthDay = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' });
const hourMinute = new Intl.DateTimeFormat(undefined, { timeStyle: 'short', hourCycle: 'h23' });

/** How far the server's clock is ahead of this one: elapsed times are counted by the server's. */
let aheadMs = 0;

/** Says every time in the reader's own zone, and counts the relative ones on once a second. */
export function startClock() {
  readServerClock(document);
  drawTimes();
  setInterval(drawTimes, 1_000);
}

export function readServerClock(page) {
  const now = Number(page.body.dataset.now);
  if (now > 0) aheadMs = now - Date.now();
}

export function sayClock(at) {
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

/** Writes only what differs, so that a selection inside stays. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
