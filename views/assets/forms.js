const TOAST_MS = 6_000;

export function startForms() {
  removeFlash();
  fillTimeZone();
  document.querySelector('[data-focus]')?.focus();
  document.addEventListener(
    'change',
    (event) => event.target.form?.matches('[data-submit-on-change]') && event.target.form.requestSubmit(),
  );
  document.addEventListener('submit', (event) => blockSecondSubmit(event));
  document.addEventListener('click', closePopovers);
  // Resets selects when the browser restores a page from its history, so that they match the content of the
  // page.
  addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll('form[data-submit-on-change], form[role=search]'))
      form.reset();
  });
}

/**
 * Removes the flash code from the address, so that a reload or a live redraw does not show the message again.
 */
function removeFlash() {
  const url = new URL(location.href);
  if (url.searchParams.has('flash') || url.searchParams.has('none')) {
    for (const name of ['flash', 'n', 'none']) url.searchParams.delete(name);
    history.replaceState(history.state, '', url);
  }
  const toast = document.getElementById('toast');
  if (!toast) return;
  // A live region announces only text inserted later, not its initial content.
  const region = toast.parentElement;
  toast.remove();
  setTimeout(() => region.append(toast), 50);
  setTimeout(() => toast.remove(), TOAST_MS);
}

/** Sets the time zone of run-at times to the browser's, unless the user typed another one. */
function fillTimeZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const input of document.querySelectorAll('input.zone')) {
    if (zone && input.value === 'UTC' && !input.closest('form').querySelector('.problems'))
      input.value = zone;
    input.addEventListener('focus', listTimeZones, { once: true });
  }
}

function listTimeZones() {
  if (document.getElementById('zones')) return;
  const list = document.createElement('datalist');
  list.id = 'zones';
  for (const zone of ['UTC', ...(Intl.supportedValuesOf?.('timeZone') ?? [])])
    list.append(new Option(zone, zone));
  document.body.append(list);
}

/**
 * Blocks a second submit. The idempotency key in the form prevents a second task anyway; this saves the
 * request.
 */
function blockSecondSubmit(event) {
  const form = event.target;
  if (form.method !== 'post') return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = 'yes';
  // A page restored from the browser's history must be able to send again.
  addEventListener('pageshow', () => delete form.dataset.sent, { once: true });
}

function closePopovers(event) {
  for (const popover of document.querySelectorAll('details.popover[open]')) {
    if (!popover.contains(event.target)) popover.open = false;
  }
}
