/** Query or urlencoded body as parsed: a repeated name has a list. */
export type Params = Record<string, string | string[] | undefined>;

/** Returns the last value of a name: a ticked box follows the hidden field for "not ticked". */
export function lastOf(params: Params | undefined, name: string): string | undefined {
  const value = params?.[name];
  return Array.isArray(value) ? value.at(-1) : value;
}

/** Returns all non-empty values of a name. */
export function allOf(params: Params | undefined, name: string): string[] {
  const value = params?.[name];
  return (Array.isArray(value) ? value : [value]).filter((one): one is string => !!one);
}

/** Returns the trimmed text; undefined if it is empty. */
export function typed(params: Params | undefined, name: string): string | undefined {
  return lastOf(params, name)?.trim() || undefined;
}

/** Returns a local path from a form field, never an address on another host. */
export function localPath(value: string | undefined, fallback: string): string {
  if (!value?.startsWith('/') || !URL.canParse(value, 'http://local')) return fallback;
  const url = new URL(value, 'http://local');
  for (const name of ['flash', 'n']) url.searchParams.delete(name);
  // `/.//elsewhere` is a path here, but becomes another host once it is normalized.
  if (url.origin !== 'http://local' || url.pathname.startsWith('//')) return fallback;
  return url.pathname + url.search;
}
