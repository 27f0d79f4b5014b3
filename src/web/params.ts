/** A query or an urlencoded body as the parsers give it: a name that came twice has a list. */
export type Params = Record<string, string | string[] | undefined>;

/** The last value of a name: a ticked box follows the hidden field that says "not ticked". */
export function lastOf(params: Params | undefined, name: string): string | undefined {
  const value = params?.[name];
  return Array.isArray(value) ? value.at(-1) : value;
}

/** All values of a name that are not empty. */
export function allOf(params: Params | undefined, name: string): string[] {
  const value = params?.[name];
  return (Array.isArray(value) ? value : [value]).filter((one): one is string => !!one);
}

/** What was typed, without the spaces around it; undefined where nothing was. */
export function typed(params: Params | undefined, name: string): string | undefined {
  return lastOf(params, name)?.trim() || undefined;
}

/** A path of our own from a form field, never an address elsewhere. */
export function localPath(value: string | undefined, fallback: string): string {
  if (!value?.startsWith('/') || !URL.canParse(value, 'http://local')) return fallback;
  const url = new URL(value, 'http://local');
  for (const said of ['flash', 'n']) url.searchParams.delete(said);
  // `/.//elsewhere` is a path here, and an address elsewhere once it stands alone.
  if (url.origin !== 'http://local' || url.pathname.startsWith('//')) return fallback;
  return url.pathname + url.search;
}
