// Follows the site's theme, and leads to the error code that the address names (`/api/docs#TASK_TYPE_UNKNOWN`): the page
// draws itself only after it has loaded, so the browser finds nothing there by itself.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem('roost-theme');
  } catch {
    // A browser that keeps nothing follows the system.
  }
  const dark = theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.classList.toggle('dark-mode', dark);

  // What is tried here is sent with the cookie of the login, and that asks for its token on writes.
  const send = window.fetch.bind(window);
  let csrf;
  window.fetch = async (input, init) => {
    const request = new Request(input, init);
    const isWrite = !/^(GET|HEAD|OPTIONS)$/.test(request.method);
    if (!isWrite || new URL(request.url).origin !== location.origin) return send(request);
    csrf ??= send('/api/v1/me')
      .then((answer) => answer.json())
      .then(
        (me) => me.csrfToken,
        () => null,
      );
    const token = await csrf;
    if (token) request.headers.set('X-CSRF-Token', token);
    return send(request);
  };

  // Swagger UI puts a slash before what it finds behind the `#`.
  const wanted = () => /^#\/?([A-Z_]+)$/.exec(location.hash)?.[1];
  const show = () => {
    const row = document.getElementById(wanted());
    if (!row) return false;
    for (const other of document.querySelectorAll('.pointed-at')) other.classList.remove('pointed-at');
    row.classList.add('pointed-at');
    row.closest('details').open = true;
    row.scrollIntoView({ block: 'center' });
    return true;
  };
  addEventListener('hashchange', show);
  if (!wanted()) return;
  const observer = new MutationObserver(() => show() && observer.disconnect());
  observer.observe(document.getElementById('swagger-ui'), { childList: true, subtree: true });
})();
