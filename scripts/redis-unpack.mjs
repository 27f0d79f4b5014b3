// Debian and Ubuntu: fetches the distribution's own redis-server package and unpacks it into .cache/redis.
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { lastLine, withUnpackedPackages } from './debian-packages.mjs';
import { runProgram } from './programs.mjs';
import { inRoot } from './project.mjs';

const HOME = inRoot('.cache/redis');
/** Server packages, each with the one that holds the program itself: the server's is a link into the tools. */
const PACKAGES = { 'redis-server': 'redis-tools', 'valkey-server': 'valkey-tools' };

/** The one unpacked by an earlier run. */
export function unpackedRedis() {
  const bin = Object.keys(PACKAGES)
    .map((name) => join(HOME, 'usr/bin', name))
    .find((path) => existsSync(path));
  return bin && { bin, libraries: libraryFolders(HOME).join(delimiter) };
}

/** Folders with shared libraries, whatever the architecture's triplet is called. */
function libraryFolders(folder) {
  return ['lib', 'usr/lib']
    .map((part) => join(folder, part))
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => /\.so(\.|$)/.test(entry.name))
    .map((entry) => entry.parentPath ?? entry.path)
    .filter((path, index, all) => all.indexOf(path) === index);
}

export function unpackRedis(update) {
  const options = { update, what: 'redis-server', namesOf: packageNames };
  return withUnpackedPackages(HOME, options, (folder) => {
    try {
      rmSync(HOME, { recursive: true, force: true });
      renameSync(folder, HOME);
    } catch (error) {
      // Another start in this folder was faster; its copy is as good as ours.
      if (!unpackedRedis()) throw error;
    }
    return unpackedRedis();
  });
}

/** The server and whatever it needs that this system does not have yet, as a simulated installation names it. */
async function packageNames(options) {
  let last;
  for (const [name, tools] of Object.entries(PACKAGES)) {
    const { code, output } = await runProgram(
      'apt-get',
      [...options, '-s', '--no-install-recommends', 'install', name],
      {
        env: { ...process.env, LC_ALL: 'C' },
      },
    );
    const names = [...output.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]);
    // The tools may be installed already, and then they are not named.
    if (code === 0 && names.length) return [...new Set([...names, tools])];
    last = output;
  }
  throw new Error(`apt-get knows no redis-server: ${lastLine(last)}`);
}
