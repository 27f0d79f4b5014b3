import { HIDDEN } from '../platform/redaction/redaction.js';

/** Names, and parts of names, of values that only the code that made the error may see. */
const SECRET_NAMES: readonly RegExp[] = [
  /pass(?:word|wd|phrase)|secret|token|credential|cookie|bearer|jwt|signature|authori[sz]ation/i,
  /(?:api|access|private|account)[-_]?key|session[-_]?id|card[-_]?number|cvv|cvc/i,
  /^(?:auth|pass|pin|pwd|sid|key|cert|pfx)$/i,
];

/** Credentials in URLs, and in headers. */
const URL_CREDENTIALS = /(:\/\/)[^\s/@"']{1,200}@/g;
const HEADER_CREDENTIALS = /\b(bearer|basic|digest)\s+(?=[\w.~+/-]*[\d=_.])[\w.~+/=-]{8,}/gi;
/** A name and the separator before its value in JSON, forms, headers and queries. */
const NAME_AND_SEPARATOR = /([\w-]{1,60})["']?\s{0,3}[:=]\s{0,3}/g;
const VALUE = /"(?:[^"\\]|\\.)*"?|'[^']*'?|(?:(?:bearer|basic|digest) )?[^\s&,;"']+/iy;

export function isSecretName(name: string): boolean {
  return SECRET_NAMES.some((pattern) => pattern.test(name));
}

/** Hides everything that looks like a secret in a text that a program made, such as a URL or a body. */
export function withoutSecrets(text: string): string {
  return withoutNamed(
    text.replace(URL_CREDENTIALS, `$1${HIDDEN}@`).replace(HEADER_CREDENTIALS, `$1 ${HIDDEN}`),
  );
}

function withoutNamed(text: string): string {
  let shown = '';
  let from = 0;
  for (const match of text.matchAll(NAME_AND_SEPARATOR)) {
    const at = match.index + match[0].length;
    if (match.index < from || !isSecretName(match[1]!)) continue;
    VALUE.lastIndex = at;
    if (!VALUE.test(text)) continue;
    shown += text.slice(from, at) + HIDDEN;
    from = VALUE.lastIndex;
  }
  return shown + text.slice(from);
}
