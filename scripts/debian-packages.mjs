// Debian and Ubuntu: fetches the distribution's own packages without installing them.
// Needs no root and changes nothing on the system: apt-get works on package lists and a cache of our own.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProgram } from './programs.mjs';

export function canUnpack() {
  return process.platform === 'linux' && existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-deb');
}

/**
 * Paths of the packages in a folder of ours, tried first with the system's package lists, then with fresh ones.
 * `what` names them to people, `namesOf` answers the packages for the options that apt-get is to be given.
 */
async function downloadPackages(work, { update, what, namesOf }) {
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
    update(`downloading ${what} (apt-get, no root)`);
    const names = await namesOf(options);
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

/**
 * Downloads packages beside `home` and unpacks all of them into one folder; `use` copies the needed files from it and
 * returns the result. The folder is removed afterwards. Options as for `downloadPackages`.
 */
export async function withUnpackedPackages(home, options, use) {
  mkdirSync(dirname(home), { recursive: true });
  const work = mkdtempSync(`${home}-`);
  try {
    const debs = await downloadPackages(work, options);
    options.update(`unpacking ${options.what}`);
    const unpacked = join(work, 'unpacked');
    for (const deb of debs) await must('dpkg-deb', ['-x', deb, unpacked]);
    return await use(unpacked);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export async function must(program, args, options = {}) {
  const { code, output } = await runProgram(program, args, {
    ...options,
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (code !== 0) throw new Error(`${program} ${args.at(-1)} failed: ${lastLine(output)}`);
}

export const lastLine = (text) => text.trim().split('\n').at(-1);
