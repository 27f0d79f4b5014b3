/** Returns the path to open after a login. Never an address on another site. */
export function safeRedirect(given: unknown): string {
  if (typeof given !== 'string' || !given.startsWith('/') || !URL.canParse(given, 'http://local')) return '/';
  const url = new URL(given, 'http://local');
  // Compared after parsing: browsers read `/\evil`, `/<tab>/evil` and `/.//evil` as hosts.
  if (url.origin !== 'http://local' || url.pathname.startsWith('//')) return '/';
  if (/^\/log(in|out)(\/|$)/.test(url.pathname)) return '/';
  return (url.pathname + url.search).slice(0, 2000);
}
