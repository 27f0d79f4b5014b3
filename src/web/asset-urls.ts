import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Files served from packages rather than from `views/assets`, by their address under `/assets`. */
export const VENDOR_FILES: Record<string, string> = {
  'vendor/idiomorph.js': createRequire(import.meta.url).resolve('idiomorph/dist/idiomorph.min.js'),
};

/**
 * Addresses of stylesheets, scripts and icons, with a hash of their content: a browser may keep such a file
 * for ever, and still never shows yesterday's.
 */
export class AssetUrls {
  private readonly known = new Map<string, string>();

  /** @param remember false re-reads a file each time, for work on the pages themselves. */
  constructor(
    private readonly folder: string,
    private readonly remember: boolean,
  ) {}

  of(name: string): string {
    const known = this.known.get(name);
    if (known && this.remember) return known;
    const content = readFileSync(VENDOR_FILES[name] ?? join(this.folder, name));
    const url = `/assets/${name}?v=${createHash('sha256').update(content).digest('base64url').slice(0, 10)}`;
    this.known.set(name, url);
    return url;
  }
}
