// Checks that the packages and the build that are there can run, without npm, network or compiler: a deployment.
import { existsSync } from 'node:fs';
import { buildState, ensureBuild } from './build-command.mjs';
import { ensurePackages } from './packages.mjs';
import { inRoot, programs, readJson } from './project.mjs';
import { Halt, note } from './terminal.mjs';

/**
 * Prepares a command that loads dist/. A deployment, which has no compiler, stays as it is: what runs there must not
 * lose its packages under its feet.
 */
export async function ensureRunnable() {
  if (existsSync(inRoot('node_modules')) && !existsSync(programs.tsc)) {
    checkPackages();
    checkBuild();
    return;
  }
  await ensurePackages(() => undefined);
  await ensureBuild(() => undefined);
}

/** @throws Halt when a package that runs in production is missing, or is not the locked one. */
export function checkPackages() {
  const locked = Object.entries(readJson(inRoot('package-lock.json'))?.packages ?? {});
  const needed = locked.filter(
    ([path, entry]) => path && !entry.dev && !entry.devOptional && !entry.optional,
  );
  for (const [path, { version }] of needed) {
    const found = readJson(inRoot(path, 'package.json'))?.version;
    if (found === version) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    throw new Halt(
      found
        ? `The npm packages are not those of package-lock.json: ${name} is ${found}, not ${version}.`
        : `The npm packages are not complete: ${name} ${version} is missing.`,
      ['npm ci --omit=dev    in a deployment', 'npm ci               where Roost is built as well'],
    );
  }
  return `${needed.length} as locked`;
}

/** @throws Halt when there is no build, or only a part of one. One that is older than src/ is run, with a note. */
export function checkBuild() {
  const { missing, isStale } = buildState();
  if (missing) {
    throw new Halt(
      `There is no whole build: dist/${missing} is missing. Build where development packages are:`,
      [
        'npm ci',
        'npm run build',
        '',
        'Then type the same command again, here or where dist/ is copied to. npm start does all of it by itself.',
      ],
    );
  }
  if (isStale) note('src/ has changed since dist/ was built. npm run build takes the changes over.');
  return 'there';
}
