import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Files served from packages instead of `views/assets`, by their path under `/assets`. */
export const VENDOR_FILES: Record<string, string> = {
  'vendor/idiomorph.js': packageFile('idiomorph/dist/idiomorph.min.js'),
  'vendor/swagger-ui.css': packageFile('swagger-ui-dist/swagger-ui.css'),
  'vendor/swagger-ui.js': packageFile('swagger-ui-dist/swagger-ui-bundle.js'),
};

function packageFile(path: string): string {
  return createRequire(import.meta.url).resolve(path);
}

/**
 * Addresses of stylesheets, scripts and icons with a hash of their content: browsers may cache a file forever
 * and never show an old version.
 */
export class AssetUrls {
  private readonly known = new Map<string, string>();

  /**
   * @param folders the first one that has a file serves it.
   * @param remember false reads a file again each time, for work on the pages themselves.
   */
  constructor(
    private readonly folders: readonly string[],
    private readonly remember: boolean,
  ) {}

  of(name: string): string {
    const known = this.known.get(name);
    if (known && this.remember) return known;
    const content = readFileSync(VENDOR_FILES[name] ?? this.find(name));
    const url = `/assets/${name}?v=${createHash('sha256').update(content).digest('base64url').slice(0, 10)}`;
    this.known.set(name, url);
    return url;
  }

  private find(name: string): string {
    const paths = this.folders.map((folder) => join(folder, name));
    return paths.find((path) => existsSync(path)) ?? paths[0]!;
  }
}
