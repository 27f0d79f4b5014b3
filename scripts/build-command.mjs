// Compiles src/ into dist/ when what goes into it has changed, judged by content: times lie after a git checkout.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bundle, bundleAssets } from './bundle.mjs';
import { runProgram } from './programs.mjs';
import { inRoot, programs } from './project.mjs';
import { coloured, Halt, printFailure, step } from './terminal.mjs';

const SRC = inRoot('src');
const VIEWS = inRoot('views');
const ASSETS = join(VIEWS, 'assets');
const DIST = inRoot('dist');
const STAMP = join(DIST, '.build-stamp');

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function sourceStamp() {
  const hash = createHash('sha256');
  const recipe = ['tsconfig.json', 'package-lock.json', 'scripts/bundle.mjs'].map((file) => inRoot(file));
  for (const path of [...filesUnder(SRC), ...filesUnder(ASSETS), ...recipe]) {
    hash
      .update(`${relative(SRC, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex');
}

/** True when another command compiled in the meantime (npm run dev, tsc), from unknown sources. */
function touchedSince() {
  const { mtimeMs } = statSync(STAMP);
  return filesUnder(DIST).some((path) => statSync(path).mtimeMs > mtimeMs);
}

/**
 * Describes the build: the first missing file, by its path in dist/, and whether it was made from other sources. Without
 * src/ only the programs are checked; a build by tsc alone leaves no stamp to compare.
 */
export function buildState() {
  const sources = existsSync(SRC) ? filesUnder(SRC).filter((path) => /(?<!\.d)\.ts$/.test(path)) : [];
  const made = sources.map((path) => relative(SRC, path).replace(/\.ts$/, '.js'));
  const missing = ['main.js', 'worker.js', ...made].find((path) => !existsSync(join(DIST, path)));
  const hasStamp = sources.length > 0 && existsSync(STAMP) && !touchedSince();
  return { missing, isStale: hasStamp && readFileSync(STAMP, 'utf8') !== sourceStamp() };
}

export async function ensureBuild(update) {
  const stamp = sourceStamp();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp && !touchedSince()) return 'up to date';
  update('compiling src/ into dist/');
  rmSync(STAMP, { force: true });
  const args = [programs.tsc, '-p', inRoot('tsconfig.json'), '--pretty', String(coloured)];
  const { code, output } = await runProgram(process.execPath, args, { cwd: inRoot() });
  if (code !== 0) {
    throw new Halt('The code does not compile.', [
      ...output.trim().split('\n'),
      '',
      'Correct it and type the same command again.',
    ]);
  }
  removeStale();
  update('bundling dist/');
  await bundle(DIST);
  await bundleAssets(VIEWS, DIST);
  writeFileSync(STAMP, stamp);
  return 'compiled';
}

export async function main() {
  try {
    await step('Build', 'compiling src/ into dist/', ensureBuild);
  } catch (error) {
    process.exit(printFailure(error));
  }
}

/** Task types are found by reading the folders of dist/: what is gone from src/ must be gone from there too. */
export function removeStale() {
  for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const source = join(SRC, relative(DIST, path).replace(/\.js(\.map)?$/, '.ts'));
    const made = entry.isDirectory() || source.endsWith('.ts');
    if (made && !existsSync(source)) rmSync(path, { recursive: true, force: true });
  }
}
