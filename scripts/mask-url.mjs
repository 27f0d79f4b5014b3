// An address as it may be printed, before anything is built: the rule of src/platform/config/mask-url.ts.
const ADDRESS = /^([a-z][a-z0-9+.-]*):\/\/([^]*)$/i;
const AFTER_LOGIN = /^([\w.,:[\]-]*)(\/[^?#\s]*)?(\?[^#\s]*)?$/;

/** Masks all before the last `@` and every value of the query; what cannot be read as an address is not shown. */
export function maskUrl(text) {
  const [, scheme, rest] = ADDRESS.exec(text) ?? [];
  if (scheme === undefined) return text === '' ? '' : '***';
  const at = rest.lastIndexOf('@');
  const [, hosts, path = '', query = ''] = AFTER_LOGIN.exec(rest.slice(at + 1)) ?? [];
  const isReadable = hosts !== undefined && !/[?#]/.test(rest.slice(0, at + 1));
  if (!isReadable || !URL.canParse(`http://${hosts.split(',')[0] || 'localhost'}`)) return `${scheme}://***`;
  const values = query.slice(1).split('&');
  const masked = values.map((pair) => (pair.includes('=') ? `${pair.split('=', 1)[0]}=***` : pair));
  return `${scheme}://${at < 0 ? '' : '***@'}${hosts}${path}${query && `?${masked.join('&')}`}`;
}
