const ADDRESS = /^([a-z][a-z0-9+.-]*):\/\/([^]*)$/i;
/** Hosts, path and query, as far as they can be separated from a secret. */
const AFTER_LOGIN = /^([\w.,:[\]-]*)(\/[^?#\s]*)?(\?[^#\s]*)?$/;
const HIDDEN = '***';

/**
 * Masks an address for display: everything before the last `@` and every query value, since a password may contain an
 * unencoded `/`, `?`, `#` or `@`. Hides a text that cannot be parsed. The launcher has the same rule for its output
 * before a build: scripts/mask-url.mjs.
 */
export function maskUrl(text: string): string {
  if (/^file:(?!\/\/)/i.test(text)) return maskQuery(text);
  const [, scheme, rest] = ADDRESS.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) return text === '' ? '' : HIDDEN;
  const at = rest.lastIndexOf('@');
  const [, hosts, path = '', query = ''] = AFTER_LOGIN.exec(rest.slice(at + 1)) ?? [];
  if (hosts === undefined || /[?#]/.test(rest.slice(0, at + 1)) || !URL.canParse(`http://${firstOf(hosts)}`))
    return `${scheme}://${HIDDEN}`;
  return `${scheme}://${at < 0 ? '' : `${HIDDEN}@`}${hosts}${path}${maskQuery(query)}`;
}

/** Masks every address in a text, such as an argument of a command line. Leaves other words unchanged. */
export function maskUrlsIn(text: string): string {
  return text
    .split(/([\s"'])/)
    .map(maskWord)
    .join('');
}

function maskWord(word: string): string {
  const colon = word.indexOf('://');
  if (colon < 0) return word;
  let start = colon;
  while (start > 0 && /[a-z0-9+.-]/i.test(word[start - 1]!)) start--;
  return word.slice(0, start) + maskUrl(word.slice(start));
}

function firstOf(hosts: string): string {
  return hosts.split(',')[0] || 'localhost';
}

function maskQuery(text: string): string {
  const [path, ...values] = text.split(/[?&]/);
  const masked = values.map((pair) => (pair.includes('=') ? `${pair.split('=', 1)[0]}=${HIDDEN}` : pair));
  return values.length === 0 ? text : `${path}?${masked.join('&')}`;
}
