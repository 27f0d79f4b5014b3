const ORDER = ['system', 'light', 'dark'];
const WORDS = { system: 'as the system', light: 'light', dark: 'dark' };

export function startThemeButton() {
  const button = document.getElementById('theme');
  if (!button) return;
  const root = document.documentElement;
  const name = () => root.dataset.theme ?? 'system';
  const showTheme = () => {
    button.title = `Theme: ${WORDS[name()]}`;
    button.setAttribute('aria-label', button.title);
  };
  button.addEventListener('click', () => {
    const next = ORDER[(ORDER.indexOf(name()) + 1) % ORDER.length];
    if (next === 'system') delete root.dataset.theme;
    else root.dataset.theme = next;
    try {
      localStorage.setItem('roost-theme', next);
    } catch {
      // Without storage the choice applies to this page only.
    }
    showTheme();
  });
  showTheme();
}
