// Runs before the first paint, so that neither the theme nor elements that need scripts flicker.
(() => {
  const root = document.documentElement;
  root.classList.add('js');
  try {
    const theme = localStorage.getItem('roost-theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  } catch {
    // Without storage the system's theme applies.
  }
})();
