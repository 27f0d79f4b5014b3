/** Returns an address of this page with one more parameter. */
export function withParam(href: string, name: string, value: string, anchor: string): string {
  return `${href}${href.includes('?') ? '&' : '?'}${name}=${value}${anchor}`;
}
