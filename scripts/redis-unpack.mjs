// Debian and Ubuntu: fetches the distribution's own redis-server package and unpacks it into .cache/redis.
// Needs no root and changes nothing on the system: apt-get works on package lists and a cache of our own.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { runProgram } from './programs.mjs';
import { inRoot } from './project.mjs';

const HOME = inRoot('.cache/redis');
/** Server packages, each with the one that holds the program itself: the server's is a link into the tools. */
const PACKAGES = { 'redis-server': 'redis-tools', 'valkey-server': 'valkey-tools' };

export function canUnpack() {
  return process.platform === 'linux' && existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-deb');
}

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

export async function unpackRedis(update) {
  mkdirSync(dirname(HOME), { recursive: true });
  const work = mkdtempSync(`${HOME}-`);
  try {
    const debs = await download(work, update);
    update('unpacking redis-server');
    const unpacked = join(work, 'unpacked');
    for (const deb of debs) await must('dpkg-deb', ['-x', deb, unpacked]);
    try {
      rmSync(HOME, { recursive: true, force: true });
      renameSync(unpacked, HOME);
    } catch (error) {
      // Another start in this folder was faster; its copy is as good as ours.
      if (!unpackedRedis()) throw error;
    }
    return unpackedRedis();
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Paths of the packages, tried first with the system's package lists, then with fresh ones. */
async function download(work, update) {
  // The sandbox user could not write into our folder, and the locks of the system's lists belong to root.
  const cache = [
    '-o',
    `Dir::Cache=${join(work, 'cache')}`,
    '-o',
    'APT::Sandbox::User=',
    '-o',
    'Debug::NoLocking=1',
  ];
  const lists = join(work, 'lists');
  const debs = join(work, 'debs');
  for (const folder of ['cache/archives/partial', 'lists/partial', 'debs']) {
    mkdirSync(join(work, folder), { recursive: true });
  }
  const fetch = async (options) => {
    update('downloading redis-server (apt-get, no root)');
    const names = await packageNames(options);
    await must('apt-get', [...options, 'download', ...names], { cwd: debs });
    return readdirSync(debs).map((name) => join(debs, name));
  };
  try {
    return await fetch(cache);
  } catch {
    // None there (a fresh container) or too old: the files they name are gone from the mirror.
    rmSync(debs, { recursive: true });
    mkdirSync(debs);
  }
  const own = [...cache, '-o', `Dir::State::lists=${lists}`];
  update('reading package lists (apt-get update, no root)');
  // A source of somebody else's that does not answer fails the update, and need not matter to us.
  const refreshed = await runProgram('apt-get', [...own, 'update']);
  try {
    return await fetch(own);
  } catch (error) {
    if (refreshed.code === 0) throw error;
    throw new Error(`apt-get update failed: ${lastLine(refreshed.output)}`);
  }
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

async function must(program, args, options = {}) {
  const { code, output } = await runProgram(program, args, {
    ...options,
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (code !== 0) throw new Error(`${program} ${args.at(-1)} failed: ${lastLine(output)}`);
}

const lastLine = (text) => text.trim().split('\n').at(-1);
