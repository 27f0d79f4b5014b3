import { transform, transformSync } from '@swc/core';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Mirrors tsconfig.json: decorators of TypeScript with their metadata, modules left as they are. */
const OPTIONS = {
  configFile: false,
  swcrc: false,
  sourceMaps: true,
  module: { type: 'es6' },
  jsc: {
    target: 'es2023',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
  },
};

/** Part of the cache key, so that a new compiler or another option makes the cached output stale. */
const VERSION = [
  readFileSync(fileURLToPath(import.meta.url)),
  readFileSync(fileURLToPath(import.meta.resolve('@swc/core/package.json'))),
];

const optionsFor = (filename) => ({ ...OPTIONS, filename });

/** Strips types for Jest, one file at a time and without a type check: `npm test` checks the types by itself. */
export default {
  getCacheKey(source, path, { config, instrument }) {
    const hash = createHash('sha256');
    for (const part of [...VERSION, relative(config.rootDir, path), String(instrument), source])
      hash.update(part).update('\0');
    return hash.digest('hex');
  },
  process: (source, path) => transformSync(source, optionsFor(path)),
  processAsync: (source, path) => transform(source, optionsFor(path)),
};
