/** Where to go on after a login: a path of ours, never an address elsewhere, whatever was put into the link. */
export function nextPage(given: unknown): string {
  if (typeof given !== 'string' || !given.startsWith('/') || !URL.canParse(given, 'http://local')) return '/';
  const url = new URL(given, 'http://local');
  // Compared after parsing: `/\evil`, `/<tab>/evil` and `/.//evil` are hosts to a browser.
  if (url.origin !== 'http://local' || url.pathname.startsWith('//')) return '/';
  if (/^\/log(in|out)(\/|$)/.test(url.pathname)) return '/';
  return (url.pathname + url.search).slice(0, 2000);
}
