const PLACES = {
  o: '/',
  s: '/submit',
  t: '/tasks',
  q: '/monitor/queues',
  w: '/monitor/workers',
  e: '/monitor/errors',
  y: '/monitor/redis',
  // The overview was called monitor up to version 0.2.
  m: '/monitor',
};

/** Time for the second key after `g`, ms. */
const CHORD_MS = 1_200;

let chordUntil = 0;

export function startKeys() {
  const help = document.getElementById('keys');
  document.getElementById('help')?.addEventListener('click', () => help.showModal());
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === 'Escape') return leave(event.target);
    if (isTyping(event.target) || help.open) return;
    if (act(event.key, help)) event.preventDefault();
  });
}

function act(key, help) {
  if (Date.now() < chordUntil && PLACES[key]) {
    location.assign(PLACES[key]);
    return true;
  }
  chordUntil = key === 'g' ? Date.now() + CHORD_MS : 0;
  if (key === '/') document.getElementById('search').focus();
  else if (key === '?') help.showModal();
  else if (key === 'j') moveBy(1);
  else if (key === 'k') moveBy(-1);
  else if (key === 'x') return tick();
  else if (key === 'c') location.assign('/submit');
  else if (key === 'p') document.getElementById('pause')?.click();
  else return false;
  return true;
}

/** Moves the focus from row to row, so that Enter and screen readers work without more code. */
function moveBy(step) {
  const links = [...document.querySelectorAll('main .row-link')];
  const at = links.indexOf(document.activeElement);
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

/** Ticks the focused row, if its rows can be ticked. */
function tick() {
  const box = document.activeElement?.closest('main tr')?.querySelector('input[type=checkbox]');
  box?.click();
  return box !== null && box !== undefined;
}

function leave(target) {
  const popover = target.closest?.('details.popover[open]');
  if (popover) {
    popover.open = false;
    popover.querySelector('summary').focus();
  } else if (isTyping(target)) target.blur();
}

function isTyping(target) {
  return target.matches?.('input:not([type=checkbox]), textarea, select, [contenteditable]');
}
