/* global Idiomorph */
import { announce } from './announcing.js';
import { isListHeld, isPaused, isSelecting } from './holding.js';
import { hasOwnTitle } from './whole-text.js';

/** Lists that are live parts or inside of one. */
const LISTS = '[data-live=list], [data-rows]';

/** Fresh pages waiting until the user releases a part, by the part's id. */
const waiting = new Map();

/**
 * Applies the parts marked `data-live` of a fresh page, except those in use. Returns false while the page is
 * paused.
 */
export function morphPage(page) {
  if (isPaused()) {
    for (const fresh of page.querySelectorAll('[data-live]')) {
      const part = document.getElementById(fresh.id);
      if (part?.matches(LISTS)) holdPart(part, fresh);
      else if (part) waiting.set(part.id, fresh);
    }
    return false;
  }
  // The title of a task's page contains its state; other titles are constant.
  if (page.querySelector('[data-live=page]')) document.title = page.title;
  applyPart(document.getElementById('banners'), page.getElementById('banners'));
  for (const fresh of page.querySelectorAll('[data-live]')) {
    const part = document.getElementById(fresh.id);
    if (!part) continue;
    if (isHeld(part)) holdPart(part, fresh);
    else applyPart(part, fresh);
  }
  // Target of the bar under a list, as worded while nothing is ticked.
  for (const fresh of page.querySelectorAll('[data-rest]')) {
    const part = document.getElementById(fresh.id);
    if (part) part.dataset.rest = fresh.dataset.rest;
  }
  for (const id of ['total', 'pages', 'online', 'bulk-all']) {
    const part = document.getElementById(id);
    const fresh = page.getElementById(id);
    if (part && fresh) applyPart(part, fresh);
  }
  return true;
}

/** List that is updated although it is held, because the user asked for it. */
let requested;

function applyPart(part, fresh) {
  waiting.delete(part.id);
  requested = part;
  part.querySelector(':scope > .newer')?.remove();
  const known = new Set([...part.querySelectorAll('[id]')].map((element) => element.id));
  const next = fresh.cloneNode(true);
  preserveMessages(part, next);
  Idiomorph.morph(part, next, { callbacks });
  if (part.matches(LISTS)) for (const row of rowsOf(part)) if (!known.has(row.id)) highlight(row);
  document.dispatchEvent(new Event('roost:drawn'));
}

/**
 * Keeps messages about the user's own action, which a fresh page does not contain, behind their neighbour.
 */
function preserveMessages(part, next) {
  for (const message of part.querySelectorAll('[data-message][id]:not(form [data-message])')) {
    const { id } = message.previousElementSibling ?? {};
    if (id) next.querySelector(`#${CSS.escape(id)}`)?.after(message.cloneNode(true));
  }
}

function highlight(row) {
  row.classList.add('arrived');
  row.addEventListener('animationend', () => row.classList.remove('arrived'), { once: true });
}

const callbacks = {
  /** Elements that the user opened stay open. */
  beforeAttributeUpdated: (name, element) =>
    !(name === 'open' && element.matches('details, dialog')) &&
    !(name === 'class' && element.classList.contains('arrived')) &&
    !(name === 'title' && hasOwnTitle(element)) &&
    // The page sets it on a form that is being sent.
    name !== 'data-sent',
  /** Keeps a field that has the focus or was changed. */
  beforeNodeMorphed(element, fresh) {
    if (!element.matches || !fresh.matches) return true;
    if (element !== requested && element.matches('[data-rows]') && isListHeld(element)) {
      holdPart(element, fresh.cloneNode(true));
      return false;
    }
    return (
      !element.matches('[data-message]') &&
      !(element.matches('input, textarea, select') && isTouched(element)) &&
      // A button that changes under the pointer would run another action.
      !(element.matches('form') && element.closest('tr:hover, li:hover')?.closest(LISTS))
    );
  },
};

function isTouched(field) {
  if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked;
  if (field.matches('select'))
    return (
      field === document.activeElement ||
      [...field.options].some((option) => option.selected !== option.defaultSelected)
    );
  return (
    field === document.activeElement ||
    (field.type !== 'hidden' && field.value !== field.defaultValue && field.defaultValue !== undefined)
  );
}

/** Keeps the rows in place but updates each of them, and shows the number of new rows. */
function holdPart(part, fresh) {
  waiting.set(part.id, fresh);
  part.addEventListener('pointerleave', releaseParts);
  part.addEventListener('focusout', releaseSoon);
  part.addEventListener('change', releaseParts);
  part.addEventListener('toggle', releaseParts, true);
  if (isSelecting(part)) {
    document.addEventListener('selectionchange', releaseParts);
    return;
  }
  const known = new Map(rowsOf(part).map((row) => [row.id, row]));
  let newer = 0;
  for (const row of rowsOf(fresh)) {
    if (!known.has(row.id)) newer++;
    else if (!isPaused() && !known.get(row.id).contains(document.activeElement))
      Idiomorph.morph(known.get(row.id), row.cloneNode(true), { callbacks });
  }
  if (newer > 0) showNewCount(part, newer);
  else part.querySelector(':scope > .newer')?.remove();
}

/** Releases held parts later: between two rows no element has the focus for a moment. */
function releaseSoon() {
  setTimeout(releaseParts);
}

export function releaseParts() {
  for (const [id, fresh] of waiting) {
    const part = document.getElementById(id);
    if (!part) waiting.delete(id);
    else if (!isHeld(part)) applyPart(part, fresh);
  }
}

function showNewCount(part, count) {
  let chip = part.querySelector(':scope > .newer > button');
  if (!chip) {
    chip = document.createElement('button');
    chip.type = 'button';
    chip.addEventListener('click', () => revealNew(part, chip));
    const place = document.createElement(part.matches('ul, ol') ? 'li' : 'div');
    place.className = 'newer';
    place.append(chip);
    part.prepend(place);
    announce(`${count} new; a button above the list shows them`);
  }
  const text = `${count} new`;
  if (chip.textContent !== text) chip.textContent = text;
}

/** Moves the focus to the first row and scrolls the new rows into view. */
function revealNew(part, chip) {
  const fresh = waiting.get(part.id);
  const wasFocused = chip.matches(':focus-visible');
  if (fresh) applyPart(part, fresh);
  const bar = document.querySelector('.topbar').getBoundingClientRect().bottom;
  if (part.getBoundingClientRect().top < bar) part.scrollIntoView({ block: 'start' });
  if (wasFocused) part.querySelector('.row-link')?.focus();
}

function rowsOf(part) {
  return [...part.querySelectorAll('tr[id], li[id]')];
}

/**
 * Returns true if a part must not be updated. Only lists move under the pointer; other parts change in place.
 */
function isHeld(part) {
  return isPaused() || isSelecting(part) || (part.matches(LISTS) && isListHeld(part));
}
