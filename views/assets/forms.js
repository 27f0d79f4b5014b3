const TOAST_MS = 6_000;

export function startForms() {
  forgetFlash();
  knowTimeZone();
  document.querySelector('[data-focus]')?.focus();
  document.addEventListener(
    'change',
    (event) => event.target.form?.matches('[data-submit-on-change]') && event.target.form.requestSubmit(),
  );
  document.addEventListener('submit', (event) => refuseSecondSubmit(event));
  document.addEventListener('click', closePopovers);
}

/** What was said once is not said again on a reload or a live redraw of the same address. */
function forgetFlash() {
  const url = new URL(location.href);
  if (url.searchParams.has('flash') || url.searchParams.has('none')) {
    for (const said of ['flash', 'n', 'none']) url.searchParams.delete(said);
    history.replaceState(history.state, '', url);
  }
  const toast = document.getElementById('toast');
  if (!toast) return;
  // A live region speaks of what is put into it, not of what it came with.
  const region = toast.parentElement;
  toast.remove();
  setTimeout(() => region.append(toast), 50);
  setTimeout(() => toast.remove(), TOAST_MS);
}

/** Run-at times are meant in the reader's own zone unless another one was typed. */
function knowTimeZone() {
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

/** The key in the form makes a double click one task anyway; this spares the second request. */
function refuseSecondSubmit(event) {
  const form = event.target;
  if (form.method !== 'post') return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = 'yes';
  // A page brought back by the browser's history must be able to send again.
  addEventListener('pageshow', () => delete form.dataset.sent, { once: true });
}

function closePopovers(event) {
  for (const popover of document.querySelectorAll('details.popover[open]')) {
    if (!popover.contains(event.target)) popover.open = false;
  }
}
