/** Returns true if the user has typed or chosen something that a reload would lose. */
export function hasTyped() {
  const fields = document.querySelectorAll('main form :is(input:not([type=hidden]), textarea, select)');
  return [...fields].some(isChanged);
}

function isChanged(field) {
  // A script fills in the browser's time zone.
  if (field.matches('.zone')) return false;
  if (field.matches('[type=checkbox], [type=radio]')) return field.checked !== field.defaultChecked;
  if (!field.matches('select')) return field.value !== field.defaultValue;
  const options = [...field.options];
  const first = options.findLast((option) => option.defaultSelected) ?? options[0];
  return Boolean(first) && field.selectedOptions[0] !== first;
}

/** Offers to sign in beside the page, which stays with the typed texts. */
export function showSignedOut() {
  document.getElementById('signed-out').hidden = false;
}

/**
 * Updates the CSRF token of the page's forms to that of the current login, which may be another one. Returns
 * true if the user was signed out until now.
 */
export function updateCsrfToken(page) {
  const token = page.querySelector('input[name=_csrf]')?.value;
  if (token) for (const input of document.querySelectorAll('input[name=_csrf]')) input.value = token;
  const banner = document.getElementById('signed-out');
  if (!banner || banner.hidden) return false;
  banner.hidden = true;
  const me = page.getElementById('me');
  if (me) document.getElementById('me')?.replaceWith(me);
  return true;
}
