// Applies the site's theme, and scrolls to the error code in the address (`/api/docs#TASK_TYPE_UNKNOWN`).
// Swagger UI renders after the load event, so the browser does not find the target itself.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem('roost-theme');
  } catch {
    // Without storage the system's theme applies.
  }
  const dark = theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.classList.toggle('dark-mode', dark);

  // Requests from this page are sent with the login's cookie, and writes then need its CSRF token.
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

  // Swagger UI puts a slash after the `#`.
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
  if (wanted()) {
    const observer = new MutationObserver(() => show() && observer.disconnect());
    observer.observe(document.getElementById('swagger-ui'), { childList: true, subtree: true });
  }

  window.SwaggerUIBundle({
    url: '/api/openapi.json',
    dom_id: '#swagger-ui',
    deepLinking: true,
    // Otherwise the page sends the document to validator.swagger.io.
    validatorUrl: null,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: 0,
  });
})();
