import type { Request } from 'express';

/** Client of a login, shown in the list of sessions. */
export interface Client {
  /** IP address; empty if unknown. */
  from: string;
  /** Name such as `Firefox 128 on Linux`; empty without a User-Agent. */
  browser: string;
}

/** Search order matters: browsers also name the browsers that they descend from. */
const BROWSERS: readonly (readonly [name: string, token: RegExp])[] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\/(\d{1,4})/],
  ['Opera', /\bOPR\/(\d{1,4})/],
  ['Samsung Internet', /\bSamsungBrowser\/(\d{1,4})/],
  ['Firefox', /\b(?:Firefox|FxiOS)\/(\d{1,4})/],
  ['Chrome', /\b(?:Chrome|CriOS|HeadlessChrome)\/(\d{1,4})/],
  ['Safari', /\bVersion\/(\d{1,4})[^ ]* (?:Mobile\/\w{1,20} )?Safari\//],
];
const SYSTEMS: readonly (readonly [name: string, token: RegExp])[] = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Linux', /\bLinux\b/],
];
const MAX_READ = 500;

export function clientOf(req: Pick<Request, 'ip' | 'headers'>): Client {
  return { from: req.ip ?? '', browser: browserName(req.headers['user-agent'] ?? '') };
}

/**
 * Formats the browser and system; an unknown program is shown by the first name in its User-Agent. The header is not
 * proof of anything.
 */
export function browserName(userAgent: string): string {
  const text = userAgent.slice(0, MAX_READ);
  for (const [name, token] of BROWSERS) {
    const [, version] = token.exec(text) ?? [];
    if (version === undefined) continue;
    const system = SYSTEMS.find(([, pattern]) => pattern.test(text))?.[0];
    return `${name} ${version}${system ? ` on ${system}` : ''}`;
  }
  return /^[\w.-]{1,40}/.exec(text)?.[0] ?? '';
}
