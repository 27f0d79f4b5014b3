/* global Idiomorph */

/** New pages that wait for the reader to let go of their part, by the part's id. */
const waiting = new Map();

/** Takes over the parts marked `data-live` from a newly fetched page, but never under the reader's hand. */
export function morphPage(page) {
  // The title of a task's page tells its state; all others stay as they came.
  if (page.querySelector('[data-live=page]')) document.title = page.title;
  take(document.getElementById('banners'), page.getElementById('banners'));
  for (const fresh of page.querySelectorAll('[data-live]')) {
    const part = document.getElementById(fresh.id);
    if (!part) continue;
    if (isHeld(part) || isSelecting(part)) hold(part, fresh);
    else take(part, fresh);
  }
  for (const id of ['total', 'pages', 'online']) {
    const part = document.getElementById(id);
    const fresh = page.getElementById(id);
    if (part && fresh) take(part, fresh);
  }
}

function take(part, fresh) {
  waiting.delete(part.id);
  part.querySelector(':scope > .newer')?.remove();
  const known = new Set([...part.querySelectorAll('[id]')].map((element) => element.id));
  const next = fresh.cloneNode(true);
  keepSaid(part, next);
  Idiomorph.morph(part, next, { callbacks });
  if (part.dataset.live !== 'list') return;
  for (const row of rowsOf(part)) if (!known.has(row.id)) arrive(row);
}

/** What was said of the reader's own act is in no fresh page: it goes on standing where it stands, behind its neighbour. */
function keepSaid(part, next) {
  for (const said of part.querySelectorAll('[data-said][id]:not(form [data-said])')) {
    const { id } = said.previousElementSibling ?? {};
    if (id) next.querySelector(`#${CSS.escape(id)}`)?.after(said.cloneNode(true));
  }
}

function arrive(row) {
  row.classList.add('arrived');
  row.addEventListener('animationend', () => row.classList.remove('arrived'), { once: true });
}

const callbacks = {
  /** What the reader opened stays open, whatever the server thinks of it. */
  beforeAttributeUpdated: (name, element) =>
    !(name === 'open' && element.matches('details, dialog')) &&
    !(name === 'class' && element.classList.contains('arrived')) &&
    // Set by the page itself on a form that is on its way.
    name !== 'data-sent',
  /** A field that somebody is in or has changed is theirs. */
  beforeNodeMorphed: (element) =>
    !element.matches?.('[data-said]') &&
    !(element.matches?.('input, textarea, select') && isTouched(element)),
};

function isTouched(field) {
  if (field.type === 'checkbox') return field.checked !== field.defaultChecked;
  return (
    field === document.activeElement ||
    (field.type !== 'hidden' && field.value !== field.defaultValue && field.defaultValue !== undefined)
  );
}

/** Rows stay where they are while they are pointed at or tabbed through; each still tells the truth about itself. */
function hold(part, fresh) {
  waiting.set(part.id, fresh);
  part.addEventListener('pointerleave', letGo);
  part.addEventListener('focusout', letGoSoon);
  part.addEventListener('change', letGo);
  if (isSelecting(part)) {
    document.addEventListener('selectionchange', letGo);
    return;
  }
  const known = new Map(rowsOf(part).map((row) => [row.id, row]));
  let newer = 0;
  for (const row of rowsOf(fresh)) {
    if (!known.has(row.id)) newer++;
    else if (!known.get(row.id).contains(document.activeElement))
      Idiomorph.morph(known.get(row.id), row.cloneNode(true), { callbacks });
  }
  if (newer > 0) sayNewer(part, newer);
}

/** Between two rows the focus is nowhere for a moment. */
function letGoSoon() {
  setTimeout(letGo);
}

function letGo() {
  for (const [id, fresh] of waiting) {
    const part = document.getElementById(id);
    if (part && !isHeld(part) && !isSelecting(part)) take(part, fresh);
  }
}

function sayNewer(part, count) {
  let chip = part.querySelector(':scope > .newer');
  if (!chip) {
    chip = document.createElement('button');
    chip.type = 'button';
    chip.className = 'newer';
    chip.addEventListener('click', () => {
      const fresh = waiting.get(part.id);
      if (fresh) take(part, fresh);
    });
    part.prepend(chip);
  }
  chip.textContent = `${count} new`;
}

function rowsOf(part) {
  return [...part.querySelectorAll('tr[id], li[id]')];
}

/** Only lists move under the pointer, and hold still while rows are ticked; the numbers and bars of other parts change in place. */
function isHeld(part) {
  if (part.dataset.live !== 'list') return false;
  const fine = matchMedia('(hover: hover)').matches;
  return (
    (fine && part.matches(':hover')) ||
    part.contains(document.activeElement) ||
    part.querySelector('td input:checked') !== null
  );
}

function isSelecting(part) {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(part, true);
}
