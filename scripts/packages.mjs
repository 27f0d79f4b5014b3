// Installs the npm packages when they are not the ones of package-lock.json.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProgram } from './programs.mjs';
import { inRoot, readJson } from './project.mjs';
import { Halt } from './terminal.mjs';

const LOCK = inRoot('package-lock.json');
/** Records the lock file and the Node that the packages in node_modules were installed for. */
const STAMP = inRoot('node_modules/.roost-packages');

function stampParts() {
  const lock = createHash('sha256').update(readFileSync(LOCK)).digest('hex');
  // Packages with native code differ by these; a newer patch of the same Node is no reason to install again.
  return [lock, `node-${process.versions.modules}`, `${process.platform}-${process.arch}`];
}

export async function ensurePackages(update) {
  const wanted = stampParts();
  const stamp = `${wanted.join(' ')}\n`;
  const found = existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : undefined;
  if (found === stamp) return 'up to date';
  const sameSystem = !found || found.trim().split(' ').slice(1).join() === wanted.slice(1).join();
  if (sameSystem && installedAsLocked()) {
    writeFileSync(STAMP, stamp);
    return 'up to date';
  }
  update('installing npm packages, about 20 s');
  rmSync(STAMP, { force: true });
  const npm = npmProgram();
  // NODE_ENV=production would leave out the compiler; blockers of install scripts are the user's own choice.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await runProgram(npm.file, [...npm.args, ...args], {
    cwd: inRoot(),
    shell: npm.shell,
  });
  if (code !== 0) {
    throw new Halt('The npm packages could not be installed. Output of npm:', [
      ...output.trim().split('\n').slice(-15),
      '',
      'Is the npm registry reachable from here (npm ping)? Then type the same command again.',
    ]);
  }
  writeFileSync(STAMP, stamp);
  return `${Object.keys(readJson(LOCK).packages).length - 1} installed`;
}

/** True when npm was run by hand and exactly the locked versions are installed: nothing to do. */
function installedAsLocked() {
  const locked = readJson(LOCK)?.packages;
  const installed = readJson(inRoot('node_modules/.package-lock.json'))?.packages;
  if (!locked || !installed) return false;
  return Object.entries(locked).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    // Optional ones are left out where the system is not theirs.
    return found ? found.version === entry.version : entry.optional === true;
  });
}

/** Returns npm as a program of this very Node, without a shell where possible. Ignores other package managers in npm_execpath. */
export function npmProgram() {
  const beside = dirname(process.execPath);
  const places = [
    process.env.npm_execpath,
    join(beside, '../lib/node_modules/npm/bin/npm-cli.js'),
    join(beside, 'node_modules/npm/bin/npm-cli.js'),
  ];
  const cli = places.find((path) => path?.endsWith('npm-cli.js') && existsSync(path));
  return cli
    ? { file: process.execPath, args: [cli] }
    : { file: 'npm', args: [], shell: process.platform === 'win32' };
}
